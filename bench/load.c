// The load generator: members on WebSockets, one thread, one epoll, never asleep while it measures.
//
//   load -d DIALECT -p PORT -s PID,PID [-q REDIS_PID] -m MEMBERS -r ROOMS -c CONNECTING
//     [-k OUTSTANDING | -f EVENTS_PER_SECOND | -i] [-t SECONDS]
//
// All members join, at most CONNECTING of them on their way at a time. Then they say messages of TEXT_SIZE bytes, at most
// eight members of a room in turn: with -k so that OUTSTANDING of them are always on their way (a new one as soon as as
// many deliveries have come as the room has members), with -f at a fixed rate whatever comes back, latency counted from
// the moment at which a message was due, with -i nothing at all. One line of JSON says what it took; the exit is 1 if
// anything got lost.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <time.h>

#include "procfs.h"
#include "wire.h"

enum { SPEAKERS = 8, PROBES = 20, BUFFER = 4 << 20 };

struct room { int first, size, turn, arrived; };  // deliveries of the event under way

static const struct dialect *dialect;
static int port, member_count = 500, room_count = 1, connecting_limit = 200, outstanding_wanted;
static double rate, seconds = 1.5;
static bool idle;
static int pids[64], pid_count, redis_pid;  // of the server; of its Redis, on our own core, if there is one

static struct member *members;
static struct room *rooms;
static int poller, started, joined, next_room;
static bool replacing;  // say something new for each message that has come to everybody
static int64_t outstanding;
static uint64_t first_join, last_join, deliveries, due_from = UINT64_MAX;
static uint64_t *latencies;
static size_t latency_count, latency_room;

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

// A message begins with its mark, "@@" and the time at which it was due, and is padded with words.
static void say_something(uint64_t due) {
  static const char words[] = "the quick meeting speaks of budgets and hiring while a hand goes up and another shares a screen ";
  static unsigned start;
  char text[TEXT_SIZE + 1], message[LARGEST_SAID];
  struct room *room = &rooms[next_room];
  int size = sprintf(text, "@@%016llx|", (unsigned long long)due);
  for (start += 7; size < TEXT_SIZE; size++) text[size] = words[(start + size) % (sizeof words - 1)];
  text[TEXT_SIZE - 1] = '.';
  struct member *m = &members[room->first + room->turn++ % (room->size < SPEAKERS ? room->size : SPEAKERS)];
  send_frame(m, dialect->opcode, message, dialect->say(m, message, text));
  next_room = (next_room + 1) % room_count;
  outstanding++;
}

static void note_latency(uint64_t due) {
  if (due < due_from) return;
  if (latency_count == latency_room) {
    latency_room = latency_room ? latency_room * 2 : 1 << 16;
    latencies = realloc(latencies, latency_room * sizeof *latencies);
  }
  latencies[latency_count++] = now() - due;
}

// Every mark is a delivery, however many the server puts into one frame.
static uint64_t count_deliveries(struct member *m, const char *payload, size_t size) {
  const char *at = payload, *end = payload + size;
  uint64_t before = deliveries;
  while ((at = memchr(at, '@', end - at)) != NULL && end - at >= TEXT_SIZE) {
    if (at[1] != '@' || at[18] != '|') {
      at++;
      continue;
    }
    deliveries++;
    if (m->probe) note_latency(strtoull(at + 2, NULL, 16));
    struct room *room = &rooms[m->room];
    if (++room->arrived == room->size) {
      room->arrived = 0;
      outstanding--;
      if (replacing) say_something(now());
    }
    at += TEXT_SIZE;
  }
  return deliveries - before;
}

static void enter(struct member *m, const char *payload, size_t size) {
  if (!dialect->hear(m, payload, size)) return;
  m->state = JOINED;
  joined++;
  last_join = now();
  if (first_join == 0) first_join = last_join;
}

static void frame_received(struct member *m, int opcode, const char *payload, size_t size) {
  if (opcode == PING) send_frame(m, PONG, payload, size);
  else if (opcode == CLOSE) fail("the server closed the connection of member %d: %d %.*s", m->number,
      size < 2 ? 1005 : (uint8_t)payload[0] << 8 | (uint8_t)payload[1], size < 2 ? 0 : (int)size - 2, payload + 2);
  else if (opcode == TEXT && size == 1 && payload[0] == '2') send_frame(m, TEXT, "3", 1);  // Engine.IO's ping
  else if (m->state == JOINING) enter(m, payload, size);
  else if (count_deliveries(m, payload, size) == 0) dialect->hear(m, payload, size);
}

// The size of the whole frames in `data`, each handed on.
static size_t take_frames(struct member *m, const char *data, size_t size) {
  size_t at = 0;
  for (;;) {
    const uint8_t *head = (const uint8_t *)data + at;
    size_t left = size - at, header = 2;
    if (left < 2) return at;
    uint64_t length = head[1] & 127;
    if (length >= 126) {
      int bytes = length == 126 ? 2 : 8;
      header += bytes;
      if (left < header) return at;
      length = 0;
      for (int i = 0; i < bytes; i++) length = length << 8 | head[2 + i];
    }
    if (left - header < length) return at;
    at += header + length;
    frame_received(m, head[0] & 15, (const char *)head + header, length);
  }
}

static size_t take_upgrade(struct member *m, char *data, size_t size) {
  char *end = memmem(data, size, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  if (size < 12 || memcmp(data + 9, "101", 3)) fail("the upgrade was refused: %.*s", (int)size, data);
  m->state = JOINING;
  enter(m, NULL, 0);
  size_t head = end + 4 - data;
  return head + take_frames(m, end + 4, size - head);
}

static void receive(struct member *m) {
  static char buffer[BUFFER];
  if (m->rest_size) memcpy(buffer, m->rest, m->rest_size);
  ssize_t got = recv(m->fd, buffer + m->rest_size, BUFFER - m->rest_size, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) fail("member %d lost the connection: %s", m->number, got ? strerror(errno) : "end of stream");
  size_t size = m->rest_size + got;
  size_t taken = m->state == UPGRADING ? take_upgrade(m, buffer, size) : take_frames(m, buffer, size);
  m->rest_size = size - taken;
  if (m->rest_size == 0) return;
  m->rest = realloc(m->rest, m->rest_size);
  memcpy(m->rest, buffer + taken, m->rest_size);
}

static void start(struct member *m) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct epoll_event event = {.events = EPOLLOUT, .data.ptr = m};
  int on = 1;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  m->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (m->fd < 0) fail("no socket for member %d: %s", m->number, strerror(errno));
  setsockopt(m->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(m->fd, (void *)&address, sizeof address) && errno != EINPROGRESS) fail("connect: %s", strerror(errno));
  epoll_ctl(poller, EPOLL_CTL_ADD, m->fd, &event);
}

static void upgrade(struct member *m) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = m};
  char request[600], path[100], subprotocol[100] = "";
  snprintf(path, sizeof path, dialect->path, m->room);
  if (dialect->subprotocol) snprintf(subprotocol, sizeof subprotocol, "Sec-WebSocket-Protocol: %s\r\n", dialect->subprotocol);
  int size = snprintf(request, sizeof request,
      "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://127.0.0.1:%d\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n", path, port, port, subprotocol);
  m->state = UPGRADING;
  send_all(m, request, size);
  epoll_ctl(poller, EPOLL_CTL_MOD, m->fd, &event);
}

// Not asleep: to be woken would cost the server's core, and differently for each server.
static void turn(void) {
  static struct epoll_event events[1024];
  int count = epoll_wait(poller, events, 1024, 0);
  if (count == 0) sched_yield();
  for (int i = 0; i < count; i++) {
    struct member *m = events[i].data.ptr;
    if (m->state == CONNECTING) upgrade(m);
    else receive(m);
  }
}

static void turn_for(double duration) {
  for (uint64_t end = now() + duration * 1e9; now() < end;) turn();
}

struct window { uint64_t at, deliveries; struct spent server[64], redis, generator; };

static struct window look(void) {
  struct window w = {now(), deliveries};
  for (int i = 0; i < pid_count; i++) w.server[i] = spent_by(pids[i]);
  if (redis_pid) w.redis = spent_by(redis_pid);
  w.generator = spent_by(getpid());
  return w;
}

// What was spent between two looks, as the fields of a JSON object. `disturbed` is the share of the time that a process of
// the server, or the generator, waited for its core, because others than those of this run used it.
static void print_window(const char *what, struct window a, struct window b, uint64_t count) {
  double length = b.at - a.at, server = 0, redis = b.redis.ran - a.redis.ran;
  for (int i = 0; i < pid_count; i++) server += b.server[i].ran - a.server[i].ran;
  double waited = b.generator.waited - a.generator.waited - redis;
  for (int i = 0; i < pid_count; i++) {
    double others = server - (b.server[i].ran - a.server[i].ran), it = b.server[i].waited - a.server[i].waited - others;
    if (it > waited) waited = it;
  }
  printf(", \"%s\": {\"seconds\": %.3f, \"count\": %llu, \"cpu_us\": %.4f, \"redis_us\": %.4f, \"disturbed\": %.3f}", what, length / 1e9,
      (unsigned long long)count, server / 1e3 / count, redis / 1e3 / count, waited < 0 ? 0 : waited / length);
}

static void join_all(void) {
  uint64_t progress = now();
  for (int before = -1; joined < member_count; before = joined) {
    while (started < member_count && started - joined < connecting_limit) start(&members[started++]);
    turn();
    if (joined != before) progress = now();
    if (now() - progress > 20000000000ull) fail("%d of %d members are in and no more come in", joined, member_count);
  }
}

static void drain(void) {
  replacing = false;
  for (uint64_t end = now() + 5000000000ull; outstanding > 0 && now() < end;) turn();
  if (outstanding != 0) fail("%lld messages did not come to everybody exactly once", (long long)outstanding);
}

static void keep_outstanding(void) {
  replacing = true;
  for (int i = 0; i < outstanding_wanted; i++) say_something(now());
  turn_for(0.3);
  struct window before = look();
  turn_for(seconds);
  struct window after = look();
  print_window("said", before, after, after.deliveries - before.deliveries);
  drain();
}

// The cost of one room for a second in which nothing happens.
static void keep_quiet(void) {
  struct window before = look();
  turn_for(seconds);
  print_window("idle", before, look(), seconds * room_count);
}

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static void keep_rate(void) {
  uint64_t begin = now(), interval = 1e9 / rate, due = begin;
  struct window before = {0};
  due_from = begin + 500000000ull;  // after a run-up
  for (uint64_t end = due_from + seconds * 1e9; now() < end;) {
    if (before.at == 0 && now() >= due_from) before = look();
    for (; due <= now(); due += interval) say_something(due);
    turn();
  }
  struct window after = look();
  print_window("said", before, after, after.deliveries - before.deliveries);
  drain();
  if (latency_count == 0) fail("no latency was measured");
  qsort(latencies, latency_count, sizeof *latencies, compare);
  printf(", \"latency\": {\"samples\": %zu, \"p50_ms\": %.4f, \"p99_ms\": %.4f}", latency_count,
      latencies[latency_count / 2] / 1e6, latencies[latency_count * 99 / 100] / 1e6);
}

static void read_arguments(int count, char **arguments) {
  for (int option; (option = getopt(count, arguments, "d:p:s:q:m:r:c:k:f:it:")) != -1;) switch (option) {
    case 'd':
      for (size_t i = 0; i < sizeof DIALECTS / sizeof *DIALECTS; i++)
        if (!strcmp(DIALECTS[i].name, optarg)) dialect = &DIALECTS[i];
      break;
    case 's':
      for (char *pid = strtok(optarg, ","); pid != NULL && pid_count < 64; pid = strtok(NULL, ",")) pids[pid_count++] = atoi(pid);
      break;
    case 'q': redis_pid = atoi(optarg); break;
    case 'p': port = atoi(optarg); break;
    case 'm': member_count = atoi(optarg); break;
    case 'r': room_count = atoi(optarg); break;
    case 'c': connecting_limit = atoi(optarg); break;
    case 'k': outstanding_wanted = atoi(optarg); break;
    case 'f': rate = atof(optarg); break;
    case 'i': idle = true; break;
    case 't': seconds = atof(optarg); break;
    default: exit(2);
  }
  if (dialect == NULL || port == 0 || pid_count == 0 || member_count < room_count) fail("expected a dialect, a port, the server's processes, and a member for each room");
}

int main(int count, char **arguments) {
  read_arguments(count, arguments);
  members = calloc(member_count, sizeof *members);
  rooms = calloc(room_count, sizeof *rooms);
  poller = epoll_create1(0);
  for (int i = 0; i < member_count; i++) {
    struct room *room = &rooms[(long)i * room_count / member_count];
    members[i].number = i;
    members[i].room = room - rooms;
    if (room->size++ == 0) room->first = i;
  }
  for (int i = 0; i < PROBES; i++) members[(long)i * (member_count - 1) / (PROBES - 1)].probe = true;

  long resident = resident_bytes(pids, pid_count);
  struct window before = look();
  join_all();
  turn_for(0.5);  // the news of the last to come belongs to their joining
  struct window after = look();
  printf("{\"arrival\": %.4f, \"resident\": %ld", (last_join - first_join) / 1e9, (resident_bytes(pids, pid_count) - resident) / member_count);
  print_window("joined", before, after, member_count);
  if (outstanding_wanted) keep_outstanding();
  if (rate > 0) keep_rate();
  if (idle) keep_quiet();
  printf("}\n");
  return 0;
}
