"""What the WebSocket layer promises to the hub above it and to the clients below, over real sockets."""

import asyncio
import gc
import logging
import socket
import time

import pytest
import websockets
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Opcode
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from server.frames import BINARY, TEXT, frame
from server.transport import Bounds, Handshake, connection_of, websocket_protocol
from tests.live import SECONDS, Client, Listener, serving, socket_app
from tests.server.test_frames import client_frame

TEXT_FRAME = frame(b"hello", text=True)
CHUNK = frame(bytes(8 * 1024 - 4), text=False)  # 8 KiB on the wire


# The handshake stays uvicorn's and Starlette's


async def test_the_endpoint_chooses_the_subprotocol() -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept(subprotocol=websocket.scope["subprotocols"][1])
        Listener(connection_of(websocket))

    async with (
        serving(socket_app(endpoint)) as served,
        websockets.connect(
            f"ws://127.0.0.1:{served.port}/socket", subprotocols=[Subprotocol("a"), Subprotocol("b")]
        ) as client,
    ):
        assert client.subprotocol == "b"


async def test_a_refusal_before_the_accept_is_an_http_403() -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.close()

    async with serving(socket_app(endpoint)) as served:
        client = await Client.connect(served.port)
        await client.request()
        assert (await client.response()).startswith("HTTP/1.1 403 ")
        await client.dropped()


async def test_a_refusal_may_be_a_whole_http_response() -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.send_denial_response(PlainTextResponse("not from there", 451))

    async with serving(socket_app(endpoint)) as served:
        client = await Client.connect(served.port)
        await client.request()
        assert (await client.response()).startswith("HTTP/1.1 451 ")
        assert await client.dropped() == b"not from there"


async def test_an_unknown_path_is_an_http_refusal() -> None:
    async with serving() as served:
        client = await Client.connect(served.port)
        await client.request("/elsewhere")
        assert (await client.response()).startswith("HTTP/1.1 403 ")


async def test_requests_that_are_no_upgrade_are_plain_http() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(scope["type"])(scope, receive, send)

    async with serving(app) as served:
        client = await Client.connect(served.port)
        await client.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await client.response()).startswith("HTTP/1.1 200 ")
        assert await client.dropped() == b"http"


async def test_compression_is_never_agreed_to() -> None:
    async with serving(ws_per_message_deflate=True) as served:
        client = await Client.connect(served.port)
        head = await client.shake_hands(headers="Sec-WebSocket-Extensions: permessage-deflate\r\n")
        assert "extensions" not in head.lower()
        client.hang_up()


async def test_an_upgrade_beyond_the_limit_is_an_http_503_until_somebody_leaves() -> None:
    async with serving(bounds=Bounds(max_connections=2)) as served:
        first, listener = await served.joined()
        second, _ = await served.joined()
        third = await Client.connect(served.port)
        await third.request()
        assert (await third.response()).startswith("HTTP/1.1 503 ")
        assert await third.dropped() == b"Too many connections\n"
        first.hang_up()
        await listener.closing_code()
        fourth, _ = await served.joined()
        second.hang_up()
        fourth.hang_up()


async def test_the_peer_is_the_one_that_a_trusted_proxy_names() -> None:
    async with serving(proxy_headers=True, forwarded_allow_ips="127.0.0.1") as served:
        client = await Client.connect(served.port)
        await client.shake_hands(headers="X-Forwarded-For: 198.51.100.7\r\n")
        assert (await served.listener()).connection.peer == "198.51.100.7"
        client.hang_up()
        direct, listener = await served.joined()
        assert listener.connection.peer == "127.0.0.1"
        direct.hang_up()


async def test_no_address_or_path_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving() as served:
        client, listener = await served.joined()
        await client.send_frame(Opcode.TEXT, b"a secret")
        await listener.message()
        client.hang_up()
        await listener.closing_code()
        refused = await Client.connect(served.port)
        await refused.request("/elsewhere")
        await refused.dropped()
    assert "Started server process" in caplog.text
    assert not [word for word in ("127.0.0.1:", "/socket", "/elsewhere", "secret") if word in caplog.text]


# Taking over


async def test_what_the_client_sends_before_the_endpoint_takes_over_is_not_lost() -> None:
    accepted, sent = asyncio.Event(), asyncio.Event()
    listeners: asyncio.Queue[Listener] = asyncio.Queue()

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        accepted.set()
        await sent.wait()
        listeners.put_nowait(Listener(connection_of(websocket)))

    async with serving(socket_app(endpoint)) as served:
        client = await Client.connect(served.port)
        await client.shake_hands()
        await accepted.wait()
        for number in range(100):
            await client.send_frame(Opcode.TEXT, str(number).encode())
        sent.set()
        listener = await listeners.get()
        assert [await listener.message() for _ in range(100)] == [str(number) for number in range(100)]
        client.hang_up()


async def test_a_client_that_left_before_the_endpoint_took_over_is_closed_once() -> None:
    accepted, left = asyncio.Event(), asyncio.Event()
    listeners: asyncio.Queue[Listener] = asyncio.Queue()

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        accepted.set()
        await left.wait()
        listeners.put_nowait(Listener(connection_of(websocket)))

    async with serving(socket_app(endpoint)) as served:
        client = await Client.connect(served.port)
        await client.shake_hands()
        await accepted.wait()
        client.reset()
        left.set()
        listener = await listeners.get()
        assert await listener.closing_code() == 1006
        listener.connection.write(TEXT_FRAME)  # ignored, like all the rest:
        listener.connection.write_ephemeral(TEXT_FRAME)
        listener.connection.close(1000)
        listener.connection.abort()


async def test_a_connection_is_taken_over_once_and_after_the_accept() -> None:
    said: asyncio.Queue[str] = asyncio.Queue()

    async def endpoint(websocket: WebSocket) -> None:
        listener = None
        for accept in (False, True):
            if accept:
                await websocket.accept()
                listener = Listener(connection_of(websocket))
            try:
                Listener(connection_of(websocket))
            except RuntimeError as error:
                said.put_nowait(str(error))
        assert listener

    async with serving(socket_app(endpoint)) as served:
        client = await Client.connect(served.port)
        await client.shake_hands()
        async with asyncio.timeout(SECONDS):
            assert [await said.get(), await said.get()] == ["expected to be taken over once, after accept"] * 2
        client.hang_up()


async def test_another_protocol_class_is_named_as_the_mistake() -> None:
    said: asyncio.Queue[str] = asyncio.Queue()

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            connection_of(websocket)
        except RuntimeError as error:
            said.put_nowait(str(error))

    async with serving(socket_app(endpoint), protocol=WebSocketsSansIOProtocol) as served:
        client = await Client.connect(served.port)
        await client.shake_hands()
        async with asyncio.timeout(SECONDS):
            assert "websocket_protocol" in await said.get()
        client.hang_up()


async def test_an_endpoint_that_returns_without_handing_over_loses_the_line() -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()

    async with serving(socket_app(endpoint)) as served:
        client = await Client.connect(served.port)
        await client.shake_hands()
        assert await client.dropped() == b""


async def test_an_endpoint_that_fails_before_the_accept_is_an_http_500(caplog: pytest.LogCaptureFixture) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        raise ZeroDivisionError

    async with serving(socket_app(endpoint)) as served:
        client = await Client.connect(served.port)
        await client.request()
        assert (await client.response()).startswith("HTTP/1.1 500 ")
        assert "A WebSocket endpoint failed." in caplog.text


async def test_an_endpoint_that_fails_after_handing_over_closes_with_1011(caplog: pytest.LogCaptureFixture) -> None:
    listeners: list[Listener] = []

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        listeners.append(Listener(connection_of(websocket)))
        raise ZeroDivisionError

    async with serving(socket_app(endpoint)) as served:
        client = await Client.connect(served.port)
        await client.shake_hands()
        assert (await client.until_close())[0] == 1011
        client.hang_up()
        assert await listeners[0].closing_code() == 1011
        assert "A WebSocket endpoint failed." in caplog.text


async def test_nothing_of_the_handshake_stays_in_memory() -> None:
    async with serving() as served:
        gc.collect()
        gc.disable()  # nothing may wait for the collector: thousands may join between two of its runs
        try:
            clients = [await served.joined() for _ in range(5)]
            await clients[-1][0].send_frame(Opcode.TEXT, b"the endpoint is over")
            await clients[-1][1].message()
            handshake = (HttpToolsProtocol, Handshake, ServerProtocol, WebSocket)
            kept = [type(thing) for thing in gc.get_objects() if isinstance(thing, handshake)]
            assert kept == []
        finally:
            gc.enable()
        for client, _ in clients:
            client.hang_up()


# Messages


async def test_messages_go_both_ways_whatever_their_length() -> None:
    async with serving() as served, websockets.connect(f"ws://127.0.0.1:{served.port}/socket") as client:
        listener = await served.listener()
        for length in (0, 1, 125, 126, 16 * 1024):
            await client.send("x" * length)
            assert await listener.message() == "x" * length
            await client.send(b"x" * length)
            assert await listener.message() == b"x" * length
        for length in (0, 1, 125, 126, 65_535, 65_536, 200_000):
            listener.connection.write(frame(b"x" * length, text=False))
            assert await client.recv() == b"x" * length
        listener.connection.write_ephemeral(frame("né".encode(), text=True) + TEXT_FRAME)
        assert [await client.recv(), await client.recv()] == ["né", "hello"]


async def test_a_message_in_fragments_and_single_bytes_arrives_whole_with_a_ping_answered_between() -> None:
    async with serving() as served:
        client, listener = await served.joined()
        stream = (
            client_frame(TEXT, "Gr\u00fc".encode()[:3], fin=False)
            + client_frame(9, b"still there?")
            + client_frame(0, "Gr\u00fc\u00dfe".encode()[3:])
        )
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in stream:
            await client.send(bytes([byte]))
        assert await listener.message() == "Gr\u00fc\u00dfe"
        assert await client.frame() == (Opcode.PONG, b"still there?")
        client.hang_up()


async def test_of_many_pings_at_once_the_last_is_answered() -> None:
    async with serving() as served:
        client, listener = await served.joined()
        await client.send(
            client_frame(9, b"1") + client_frame(9, b"2") + client_frame(TEXT, b"and") + client_frame(9, b"3")
        )
        assert await listener.message() == "and"
        assert await client.frame() == (Opcode.PONG, b"3")
        client.hang_up()


@pytest.mark.parametrize(
    ("code", "stream"),
    [
        pytest.param(1002, client_frame(TEXT, b"open", mask=b""), id="not masked"),
        pytest.param(1002, client_frame(TEXT, b"?", rsv=4), id="reserved bit"),
        pytest.param(1002, client_frame(3), id="reserved opcode"),
        pytest.param(1002, client_frame(11), id="reserved control opcode"),
        pytest.param(1002, client_frame(9, bytes(126)), id="long ping"),
        pytest.param(1002, client_frame(9, fin=False), id="fragmented ping"),
        pytest.param(1002, client_frame(0, b"of what?"), id="continuation of nothing"),
        pytest.param(1002, client_frame(TEXT, fin=False) + client_frame(TEXT), id="message inside another"),
        pytest.param(1002, client_frame(8, b"\x03"), id="half a close code"),
        pytest.param(1002, client_frame(8, (1005).to_bytes(2)), id="close code that may not be sent"),
        pytest.param(1002, client_frame(8, (2999).to_bytes(2)), id="close code out of range"),
        pytest.param(1007, client_frame(8, (1000).to_bytes(2) + b"\xff"), id="close reason not UTF-8"),
        pytest.param(1007, client_frame(TEXT, b"\xed\xa0\x80"), id="text not UTF-8"),
        pytest.param(1009, client_frame(BINARY, bytes(16 * 1024 + 1)), id="too long"),
        pytest.param(
            1009, client_frame(BINARY, bytes(9000), fin=False) + client_frame(0, bytes(9000)), id="together too long"
        ),
    ],
)
async def test_a_client_that_breaks_the_protocol_is_told_and_dropped(code: int, stream: bytes) -> None:
    async with serving() as served:
        client, listener = await served.joined()
        await client.send(client_frame(TEXT, b"good") + stream + client_frame(TEXT, b"ignored"))
        assert (await client.until_close())[0] == code
        assert await client.dropped() == b""
        assert await listener.closing_code() == code
        assert await listener.message() == "good"
        assert listener.messages.empty()


async def test_a_client_in_the_middle_of_a_far_too_long_message_still_reads_1009() -> None:
    async with serving(bounds=Bounds(close_seconds=100)) as served:
        client, listener = await served.joined()
        sending = asyncio.ensure_future(client.send(client_frame(BINARY, bytes(4_000_000))))
        assert (await client.until_close())[0] == 1009
        await sending  # nothing was reset under its hands
        client.hang_up()
        assert await listener.closing_code() == 1009


# The end


@pytest.mark.parametrize(("payload", "code"), [(b"", 1005), (b"\x03\xe8", 1000), (b"\x0f\xa0bye", 4000)])
async def test_a_close_of_the_client_is_answered_in_kind_and_the_line_ends(payload: bytes, code: int) -> None:
    async with serving(bounds=Bounds(close_seconds=100)) as served:
        client, listener = await served.joined()
        await client.send(client_frame(8, payload) + client_frame(TEXT, b"too late"))
        assert await client.frame() == (Opcode.CLOSE, payload)
        assert await client.dropped() == b""
        assert await listener.closing_code() == code
        assert listener.messages.empty()


async def test_a_close_of_ours_waits_for_the_answer_and_lets_nothing_more_through() -> None:
    async with serving(bounds=Bounds(close_seconds=100)) as served:
        client, listener = await served.joined()
        listener.connection.write(TEXT_FRAME)
        listener.connection.close(4003, "removed")
        listener.connection.write(TEXT_FRAME)
        listener.connection.write_ephemeral(TEXT_FRAME)
        listener.connection.close(1000)
        assert await client.frame() == (Opcode.TEXT, b"hello")
        assert await client.until_close() == (4003, "removed")
        await client.send_frame(Opcode.TEXT, b"but")
        assert not listener.code.done()
        await client.send_frame(Opcode.CLOSE, (4003).to_bytes(2))
        assert await client.dropped() == b""
        assert await listener.closing_code() == 4003
        assert listener.messages.empty()


async def test_a_client_that_does_not_answer_our_close_is_dropped_in_time() -> None:
    async with serving(bounds=Bounds(close_seconds=0.1)) as served:
        client, listener = await served.joined()
        listener.connection.close(1000)
        assert await listener.closing_code() == 1000
        await client.dropped()


async def test_an_abort_is_1006() -> None:
    async with serving() as served:
        client, listener = await served.joined()
        listener.connection.abort()
        assert not listener.code.done()  # never from within a call
        assert await listener.closing_code() == 1006
        assert await client.dropped() == b""


async def test_a_line_that_breaks_is_1006() -> None:
    async with serving() as served:
        client, listener = await served.joined()
        client.reset()
        assert await listener.closing_code() == 1006
        listener.connection.write(TEXT_FRAME)
        listener.connection.close(1000)


async def test_a_line_that_ends_without_a_close_is_1006() -> None:
    async with serving() as served:
        client, listener = await served.joined()
        client.hang_up()
        assert await listener.closing_code() == 1006


# Slow clients


async def test_a_client_that_never_reads_is_slow_long_before_megabytes() -> None:
    async with serving() as served:
        client, listener = await served.joined(receive_buffer=4096)
        written = 0
        while not listener.connection.paused:
            listener.connection.write(CHUNK)
            written += len(CHUNK)
        assert written < 400_000
        assert 0 < listener.connection._transport.get_write_buffer_size() <= len(CHUNK)
        client.reset()


async def test_a_slow_client_misses_ephemeral_frames_and_is_cut_at_the_hard_bound_with_4008() -> None:
    bounds = Bounds(soft=64 * 1024, hard=256 * 1024, close_seconds=0.2)
    async with serving(bounds=bounds) as served:
        client, listener = await served.joined(receive_buffer=4096)
        transport = listener.connection._transport
        while not listener.connection.paused:
            listener.connection.write_ephemeral(CHUNK)
        for _ in range(100):
            listener.connection.write_ephemeral(CHUNK)
        assert bounds.soft < transport.get_write_buffer_size() <= bounds.soft + len(CHUNK)
        for _ in range(100):
            listener.connection.write(CHUNK)
        assert bounds.hard < transport.get_write_buffer_size() <= bounds.hard + 2 * len(CHUNK)
        assert await listener.closing_code() == 4008
        await client.dropped()


async def test_a_client_cut_as_too_slow_that_reads_on_learns_why() -> None:
    async with serving(bounds=Bounds(hard=64 * 1024, close_seconds=100)) as served:
        client, listener = await served.joined(receive_buffer=4096)
        for _ in range(100):
            listener.connection.write(CHUNK)
        assert (await client.until_close())[0] == 4008
        client.hang_up()
        assert await listener.closing_code() == 4008


async def test_a_client_that_takes_nothing_for_the_stall_time_is_cut() -> None:
    async with serving(bounds=Bounds(stall_seconds=0.2, close_seconds=0.2)) as served:
        client, listener = await served.joined(receive_buffer=4096)
        while not listener.connection.paused:
            listener.connection.write(CHUNK)
        assert await listener.closing_code() == 4008
        await client.dropped()


async def test_a_client_that_stopped_taking_is_cut_though_it_took_some_and_more_is_written_all_the_time() -> None:
    async with serving(bounds=Bounds(stall_seconds=0.2, close_seconds=0.2)) as served:
        client, listener = await served.joined(receive_buffer=4096)
        for _ in range(100):
            listener.connection.write(CHUNK)
        backlog = listener.connection.drained()
        while listener.connection.drained() == backlog:
            await client.read_some(8 * 1024)
        async with asyncio.timeout(SECONDS):
            while not listener.code.done():
                listener.connection.write(TEXT_FRAME)
                await asyncio.sleep(0.01)  # as a room goes on
        assert listener.code.result() == 4008
        await client.dropped()


async def test_a_client_that_reads_its_backlog_slowly_is_kept_though_it_answers_no_ping() -> None:
    bounds = Bounds(stall_seconds=0.3, ping_seconds=0.3, hard=8 << 20)
    async with serving(bounds=bounds) as served:
        client, listener = await served.joined(receive_buffer=4096)
        for _ in range(150):
            listener.connection.write(CHUNK)
        started = time.monotonic()
        while listener.connection.paused:
            await client.read_some(8 * 1024)
            await asyncio.sleep(0.01)  # it is this slow
        assert time.monotonic() - started > 3 * bounds.stall_seconds
        assert not listener.code.done()
        client.reset()


async def test_a_client_that_caught_up_is_no_longer_slow() -> None:
    async with serving() as served:
        client, listener = await served.joined(receive_buffer=4096)
        while not listener.connection.paused:
            listener.connection.write(CHUNK)
        listener.connection.write_ephemeral(TEXT_FRAME)
        while (await client.frame())[1] != b"hello":
            pass
        assert not listener.connection.paused
        listener.connection.write(TEXT_FRAME)
        assert await client.frame() == (Opcode.TEXT, b"hello")
        client.hang_up()


async def test_a_client_that_ends_its_side_and_reads_nothing_is_dropped() -> None:
    async with serving(bounds=Bounds(close_seconds=0.2)) as served:
        client, listener = await served.joined(receive_buffer=4096)
        while not listener.connection.paused:
            listener.connection.write(CHUNK)
        client.socket.shutdown(socket.SHUT_WR)
        assert await listener.closing_code() == 1006
        await client.dropped()


# Keep-alive


async def test_a_client_that_answers_pings_stays_and_one_that_falls_silent_goes() -> None:
    async with serving(bounds=Bounds(ping_seconds=0.2)) as served:
        client, listener = await served.joined()
        for _ in range(3):
            assert await client.frame() == (Opcode.PING, b"")
            await client.send_frame(Opcode.PONG)
        assert not listener.code.done()
        assert await listener.closing_code() == 1006
        assert await client.dropped() == bytes([0x89, 0])  # the ping that it left unanswered


async def test_whatever_a_client_sends_counts_as_life() -> None:
    async with serving(bounds=Bounds(ping_seconds=0.2)) as served:
        client, listener = await served.joined()
        for _ in range(4):
            assert await client.frame() == (Opcode.PING, b"")
            await client.send_frame(Opcode.TEXT, b"busy")
            assert await listener.message() == "busy"
        client.hang_up()


async def test_who_has_read_a_backlog_is_asked_anew() -> None:
    async with serving(bounds=Bounds(ping_seconds=0.2)) as served:
        client, listener = await served.joined(receive_buffer=4096)
        assert await client.frame() == (Opcode.PING, b"")  # not answered: what follows keeps it busy
        while not listener.connection.paused:
            listener.connection.write(CHUNK)
        while (following := await client.frame())[0] is Opcode.BINARY:
            pass
        assert following == (Opcode.PING, b"")
        client.hang_up()


async def test_all_connections_are_pinged_by_one_timer() -> None:
    def timers() -> int:
        return sum(type(thing).__name__ == "TimerHandle" for thing in gc.get_objects())

    async with serving(bounds=Bounds(ping_seconds=0.2)) as served:
        first = await served.joined()
        before = timers()
        joined = [first] + [await served.joined() for _ in range(50)]
        pings = await asyncio.gather(*(client.frame() for client, _ in joined))
        assert pings == [(Opcode.PING, b"")] * 51
        assert before >= 1
        assert timers() < before + 10
        for client, _ in joined:
            client.hang_up()


# Going down


async def test_a_stopping_server_tells_its_clients_1012() -> None:
    async with serving(bounds=Bounds(close_seconds=100)) as served:
        client, listener = await served.joined()
        served.uvicorn.should_exit = True
        assert (await client.until_close())[0] == 1012
        await client.send_frame(Opcode.CLOSE, (1012).to_bytes(2))
        assert await listener.closing_code() == 1012


async def test_clients_that_neither_read_nor_answer_do_not_hold_up_a_stop() -> None:
    async with serving(bounds=Bounds(close_seconds=0.3)) as served:
        joined = [await served.joined(receive_buffer=4096) for _ in range(3)]
        stuck = joined[0][1].connection
        while not stuck.paused:
            stuck.write(CHUNK)
        waiting = await Client.connect(served.port)  # has not even asked
        stopped = time.monotonic()
    assert time.monotonic() - stopped < 2
    for client, listener in joined:
        assert await listener.closing_code() == 1012
        client.hang_up()
    waiting.hang_up()


async def test_a_stop_during_the_handshake_ends_it() -> None:
    began, go_on = asyncio.Event(), asyncio.Event()
    codes: list[Listener] = []

    async def endpoint(websocket: WebSocket) -> None:
        began.set()
        await go_on.wait()
        await websocket.accept()
        codes.append(Listener(connection_of(websocket)))

    async with serving(socket_app(endpoint)) as served:
        client = await Client.connect(served.port)
        await client.request()
        await began.wait()
        served.uvicorn.should_exit = True
        assert (await client.response()).startswith("HTTP/1.1 500 ")
        go_on.set()
    assert [await listener.closing_code() for listener in codes] in ([], [1006])


def test_each_server_has_a_class_of_its_own() -> None:
    one, other = websocket_protocol(Bounds()), websocket_protocol(Bounds())
    assert one.watch is not other.watch
