// How the members of the load generator speak: WebSocket frames, and the dialect of each kind of server.

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };
enum { TEXT_SIZE = 200, LARGEST_SAID = TEXT_SIZE + 64 };

struct member {
  int fd, number, room;
  enum { CONNECTING, UPGRADING, JOINING, JOINED } state;
  int step;           // of a dialect's way in
  uint32_t last_id;   // of a command
  bool probe;         // measures latency
  char *rest;         // an unfinished frame
  size_t rest_size;
};

struct dialect {
  const char *name, *path, *subprotocol;
  int opcode;
  // Hear that the upgrade is done (no payload), or a message without a delivery; answer as the way in asks for.
  // True once joined.
  bool (*hear)(struct member *, const char *payload, size_t size);
  // Write the message that says `text` (TEXT_SIZE bytes) to the room; its size.
  size_t (*say)(struct member *, char *out, const char *text);
};

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *sentence, ...) {
  va_list values;
  va_start(values, sentence);
  vfprintf(stderr, sentence, values);
  va_end(values);
  fputc('\n', stderr);
  exit(1);
}

static void send_all(struct member *m, const char *data, size_t size) {
  while (size > 0) {
    ssize_t sent = send(m->fd, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      struct pollfd writable = {.fd = m->fd, .events = POLLOUT};
      if (poll(&writable, 1, 5000) == 1) continue;
    }
    if (sent < 0) fail("member %d cannot send: %s", m->number, strerror(errno));
    data += sent, size -= sent;
  }
}

// One masked frame; our messages are shorter than 64 KiB.
static void send_frame(struct member *m, int opcode, const char *payload, size_t size) {
  static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
  char frame[LARGEST_SAID + 8];
  size_t at = 0;
  if (size > LARGEST_SAID) fail("a message of %zu bytes is more than was expected", size);
  frame[at++] = 0x80 | opcode;
  frame[at++] = 0x80 | (size < 126 ? size : 126);
  if (size >= 126) frame[at++] = size >> 8, frame[at++] = size;
  memcpy(frame + at, mask, 4), at += 4;
  for (size_t i = 0; i < size; i++) frame[at++] = payload[i] ^ mask[i & 3];
  send_all(m, frame, at);
}

// Plain messages: whoever is in hears "joined"; what one sends, everybody in the room receives as it is.

static bool plain_hear(struct member *m, const char *payload, size_t size) {
  (void)m, (void)size;
  return payload != NULL;
}

static size_t plain_say(struct member *m, char *out, const char *text) {
  (void)m;
  memcpy(out, text, TEXT_SIZE);
  return TEXT_SIZE;
}

// Socket.IO 5 over Engine.IO 4: "0" opens, "40" connects, "42" is an event.

static bool socketio_hear(struct member *m, const char *payload, size_t size) {
  if (payload == NULL || size == 0) return false;
  if (m->step == 0 && payload[0] == '0') {
    send_frame(m, TEXT, "40", 2);
    m->step = 1;
  } else if (m->step == 1 && size > 1 && !memcmp(payload, "40", 2)) {
    char join[64];
    send_frame(m, TEXT, join, sprintf(join, "42[\"join\",\"%d\"]", m->room));
    m->step = 2;
  }
  return m->step == 2 && size > 1 && !memcmp(payload, "42", 2);
}

static size_t socketio_say(struct member *m, char *out, const char *text) {
  (void)m;
  return sprintf(out, "42[\"say\",\"%.*s\"]", TEXT_SIZE, text);
}

// Openchair: MessagePack maps to the server, arrays of maps from it. Only what we say and need to hear is known here.

static size_t pack_text(char *out, const char *text, size_t size) {
  size_t at = 0;
  if (size < 32) out[at++] = 0xa0 | size;
  else out[at++] = 0xd9, out[at++] = size;
  memcpy(out + at, text, size);
  return at + size;
}

static size_t pack_word(char *out, const char *word) { return pack_text(out, word, strlen(word)); }

// Whether a message of type `type` is in the payload: the bytes of "t" and of the type, one after the other.
static bool holds_type(const char *payload, size_t size, const char *type) {
  char wanted[40];
  size_t at = pack_word(wanted, "t");
  at += pack_word(wanted + at, type);
  return memmem(payload, size, wanted, at) != NULL;
}

static bool openchair_hear(struct member *m, const char *payload, size_t size) {
  if (payload == NULL) {
    char hello[80], name[32];
    size_t at = 0;
    sprintf(name, "Member %d", m->number);
    hello[at++] = 0x82;
    at += pack_word(hello + at, "t"), at += pack_word(hello + at, "hello");
    at += pack_word(hello + at, "name"), at += pack_word(hello + at, name);
    send_frame(m, BINARY, hello, at);
    return false;
  }
  if (holds_type(payload, size, "refused"))
    fail("member %d was refused: %.*s", m->number, size > 200 ? 200 : (int)size, payload);
  return holds_type(payload, size, "welcome");
}

static size_t openchair_say(struct member *m, char *out, const char *text) {
  size_t at = 0;
  uint32_t id = ++m->last_id;
  out[at++] = 0x83;
  at += pack_word(out + at, "t"), at += pack_word(out + at, "say");
  at += pack_word(out + at, "id");
  out[at++] = 0xce;
  for (int shift = 24; shift >= 0; shift -= 8) out[at++] = id >> shift;
  at += pack_word(out + at, "text"), at += pack_text(out + at, text, TEXT_SIZE);
  return at;
}

static const struct dialect DIALECTS[] = {
    {"plain", "/ws/%d", NULL, BINARY, plain_hear, plain_say},
    {"plain_text", "/ws/%d", NULL, TEXT, plain_hear, plain_say},
    {"socketio", "/socket.io/?EIO=4&transport=websocket", NULL, TEXT, socketio_hear, socketio_say},
    {"openchair", "/rooms/bench-%d/socket", "openchair.v1.msgpack", BINARY, openchair_hear, openchair_say},
};
