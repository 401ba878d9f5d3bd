// The limit of one system call per delivery: a room server in C that makes a frame once and calls send() for each member.
// It knows no more of HTTP and WebSocket than the load generator needs (one key, no pings, no close): c_limit PORT

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOMS = 1024, HELD = 4096 };

struct member { int fd, room, upgraded; size_t size; uint8_t data[HELD]; };
struct room { struct member **members; int count; };

static struct room rooms[ROOMS];
static int poller;

// 101 for the one key that the generator sends, and "joined" in a binary frame.
static const char WELCOME[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x82\x06joined";

static void accept_all(int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    struct member *m = calloc(1, sizeof *m);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = m};
    m->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  }
}

static void leave(struct member *m) {
  struct room *room = &rooms[m->room];
  for (int i = 0; m->upgraded && i < room->count; i++)
    if (room->members[i] == m) {
      room->members[i] = room->members[--room->count];
      break;
    }
  close(m->fd);
  free(m);
}

static void upgrade(struct member *m) {
  if (memmem(m->data, m->size, "\r\n\r\n", 4) == NULL) return;
  m->room = atoi((char *)m->data + strlen("GET /ws/")) % ROOMS;
  m->upgraded = 1, m->size = 0;
  struct room *room = &rooms[m->room];
  room->members = realloc(room->members, (room->count + 1) * sizeof *room->members);
  room->members[room->count++] = m;
  send(m->fd, WELCOME, sizeof WELCOME - 1, MSG_NOSIGNAL);
}

// One whole client frame under 64 KiB, or 0 if it is not all here: to everybody in the room as a server's frame.
static size_t broadcast(struct member *m, const uint8_t *in, size_t left) {
  uint8_t out[HELD];
  if (left < 2) return 0;
  size_t size = in[1] & 127, header = 2;
  if (size == 126) {
    if (left < 4) return 0;
    size = in[2] << 8 | in[3], header = 4;
  }
  if (left < header + 4 + size) return 0;
  out[0] = in[0], memcpy(out + 1, in + 1, header - 1), out[1] &= 127;
  const uint8_t *mask = in + header, *masked = mask + 4;
  for (size_t i = 0; i < size; i++) out[header + i] = masked[i] ^ mask[i & 3];
  struct room *room = &rooms[m->room];
  for (int i = 0; i < room->count; i++) send(room->members[i]->fd, out, header + size, MSG_NOSIGNAL | MSG_DONTWAIT);
  return header + 4 + size;
}

static void receive(struct member *m) {
  ssize_t got = recv(m->fd, m->data + m->size, HELD - m->size, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    leave(m);
    return;
  }
  m->size += got;
  if (!m->upgraded) {
    upgrade(m);
    return;
  }
  size_t taken = 0;
  for (size_t one; (one = broadcast(m, m->data + taken, m->size - taken)) > 0;) taken += one;
  m->size -= taken;
  memmove(m->data, m->data + taken, m->size);
}

int main(int count, char **arguments) {
  static struct epoll_event events[1024];
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(count > 1 ? atoi(arguments[1]) : 9000)};
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 2048)) {
    perror("c_limit");
    return 1;
  }
  poller = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(poller, events, 1024, -1);
    for (int i = 0; i < ready; i++)
      if (events[i].data.ptr == NULL) accept_all(listener);
      else receive(events[i].data.ptr);
  }
}
