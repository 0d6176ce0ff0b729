/* The upstream of the benchmark: answers every POST from memory, with bytes it read at start.
 *
 *   mock reply=FILE stream=FILE chunk=FILE tail=FILE
 *
 * Prints "listening PORT". A body that starts with a tag `bench-stream-<count>x<milliseconds>` gets the stream
 * head, <count> chunks at that pace and the tail; every other POST gets the reply. GET answers with what was
 * seen: it is the independent witness of how many requests went upstream and whether a client's key leaked. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define TAG "bench-stream-"
#define TAG_WITHIN 256       /* bytes of the body that are searched for the tag */
#define CLIENT_KEY "sk-tg-"  /* a key the gateway under test must keep to itself */
#define TICK_NS 100000ull    /* streams that are due within one tick share one wake-up */

struct text { char *at; size_t length; };
struct connection {
  int fd;
  char *in;
  size_t used, capacity;
  const char *out;
  size_t out_left;
  int watches_out;
  int streaming;           /* index in the table of open streams, -1 when there is none */
  int chunks_left;
  uint64_t pace_ns, due_ns;
};

static struct text reply, stream_head, chunk, tail;
static struct connection **streams;
static int stream_count, stream_room, epoll_fd, timer_fd;
static uint64_t requests, streamed, leaked, refused, armed_ns;
static char stats[256];

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static struct text read_text(const char *path) {
  struct text text = {0};
  FILE *file = fopen(path, "rb");
  if (!file) { perror(path); exit(2); }
  fseek(file, 0, SEEK_END);
  text.length = (size_t)ftell(file);
  rewind(file);
  text.at = malloc(text.length + 1);
  if (fread(text.at, 1, text.length, file) != text.length) exit(2);
  fclose(file);
  return text;
}

static void arm(uint64_t at_ns) {
  if (armed_ns && armed_ns <= at_ns) return;
  struct itimerspec when = {.it_value = {(time_t)(at_ns / 1000000000ull), (long)(at_ns % 1000000000ull)}};
  timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
  armed_ns = at_ns;
}

static void leave_stream(struct connection *c) {
  if (c->streaming < 0) return;
  streams[c->streaming] = streams[--stream_count];
  streams[c->streaming]->streaming = c->streaming;
  c->streaming = -1;
}

static void finish(struct connection *c) {
  leave_stream(c);
  close(c->fd);
  free(c->in);
  free(c);
}

/* Sends what the socket takes now; the rest waits for EPOLLOUT. Returns 0 when the peer is gone. */
static int flush(struct connection *c) {
  ssize_t sent = send(c->fd, c->out, c->out_left, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN) return 0;
  if (sent > 0) { c->out += sent; c->out_left -= (size_t)sent; }
  int left = c->out_left > 0;
  if (left == c->watches_out) return 1;
  c->watches_out = left;
  struct epoll_event event = {.events = left ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
  return 1;
}

static int send_bytes(struct connection *c, const char *at, size_t length) {
  c->out = at;
  c->out_left = length;
  return flush(c);
}

static int open_stream(struct connection *c, const char *tag) {
  int count = 0, pace_ms = 0;
  if (sscanf(tag, TAG "%dx%d", &count, &pace_ms) != 2) return 0;
  streamed++;
  c->chunks_left = count;
  c->pace_ns = (uint64_t)pace_ms * 1000000ull;
  c->due_ns = now_ns();
  if (stream_count == stream_room) {
    stream_room = stream_room ? stream_room * 2 : 1024;
    streams = realloc(streams, sizeof *streams * (size_t)stream_room);
  }
  c->streaming = stream_count;
  streams[stream_count++] = c;
  arm(c->due_ns + TICK_NS);
  return send_bytes(c, stream_head.at, stream_head.length);
}

static int send_stats(struct connection *c) {
  char body[160];
  int length = snprintf(body, sizeof body, "{\"requests\":%lu,\"streams\":%lu,\"leaked\":%lu,\"refused\":%lu}",
                        requests, streamed, leaked, refused);
  int all = snprintf(stats, sizeof stats, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s",
                     length, body);
  return send_bytes(c, stats, (size_t)all);
}

/* Answers every whole request in the buffer. Returns 0 when the connection must end. */
static int answer(struct connection *c) {
  while (c->used > 0) {
    char *end = memmem(c->in, c->used, "\r\n\r\n", 4);
    if (!end) return 1;
    size_t head = (size_t)(end - c->in) + 4, body = 0;
    end[2] = 0;
    char *line = strcasestr(c->in, "\r\ncontent-length:");
    if (line) body = strtoul(line + 17, NULL, 10);
    int chunked = !line && strcasestr(c->in, "\r\ntransfer-encoding:") != NULL;
    end[2] = '\r';
    if (chunked) { /* gateways that re-frame a body of known length would be measured on other bytes */
      refused++;
      static const char text[] = "HTTP/1.1 411 Length Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
      send_bytes(c, text, sizeof text - 1);
      return 0;
    }
    if (c->used < head + body) return 1;
    int alive;
    if (c->in[0] == 'G') {
      alive = send_stats(c);
    } else {
      requests++;
      if (memmem(c->in, head, CLIENT_KEY, sizeof CLIENT_KEY - 1)) leaked++;
      char *tag = memmem(c->in + head, body < TAG_WITHIN ? body : TAG_WITHIN, TAG, sizeof TAG - 1);
      alive = tag ? open_stream(c, tag) : send_bytes(c, reply.at, reply.length);
    }
    c->used -= head + body;
    memmove(c->in, c->in + head + body, c->used);
    if (!alive) return 0;
  }
  return 1;
}

static int receive(struct connection *c) {
  if (c->capacity - c->used < 4096) {
    c->capacity *= 2;
    c->in = realloc(c->in, c->capacity + 1);
  }
  ssize_t got = recv(c->fd, c->in + c->used, c->capacity - c->used, MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN;
  if (got == 0) return 0;
  c->used += (size_t)got;
  c->in[c->used] = 0;
  return answer(c);
}

static void send_due(void) {
  uint64_t now = now_ns(), next = UINT64_MAX;
  armed_ns = 0;
  for (int i = stream_count - 1; i >= 0; i--) {
    struct connection *c = streams[i];
    if (c->due_ns <= now && c->out_left == 0) {
      if (c->chunks_left-- > 0) {
        c->due_ns += c->pace_ns;
        if (!send_bytes(c, chunk.at, chunk.length)) leave_stream(c); /* recv finds the peer gone and frees it */
      } else {
        leave_stream(c);
        send_bytes(c, tail.at, tail.length);
        continue;
      }
    }
    if (c->streaming >= 0 && c->due_ns < next) next = c->due_ns;
  }
  if (stream_count > 0 && next != UINT64_MAX) arm(next > now + TICK_NS ? next : now + TICK_NS);
}

static void accept_all(int listener) {
  int fd, one = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct connection *c = calloc(1, sizeof *c);
    c->fd = fd;
    c->streaming = -1;
    c->capacity = 8192;
    c->in = malloc(c->capacity + 1);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
  }
}

static struct text argument(int count, char **values, const char *name) {
  size_t length = strlen(name);
  for (int i = 1; i < count; i++)
    if (!strncmp(values[i], name, length) && values[i][length] == '=') return read_text(values[i] + length + 1);
  fprintf(stderr, "missing %s=FILE\n", name);
  exit(2);
}

int main(int count, char **values) {
  reply = argument(count, values, "reply");
  stream_head = argument(count, values, "stream");
  chunk = argument(count, values, "chunk");
  tail = argument(count, values, "tail");
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGPIPE, SIG_IGN);

  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) { perror("listen"); return 2; }
  getsockname(listener, (struct sockaddr *)&address, &size);
  epoll_fd = epoll_create1(0);
  timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event events[256], event = {.events = EPOLLIN, .data.ptr = &listener};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
  event.data.ptr = &timer_fd;
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &event);
  printf("listening %d\n", ntohs(address.sin_port));
  fflush(stdout);

  for (;;) {
    int ready = epoll_wait(epoll_fd, events, 256, -1), due = 0;
    for (int i = 0; i < ready; i++) {
      void *who = events[i].data.ptr;
      if (who == &listener) { accept_all(listener); continue; }
      if (who == &timer_fd) { uint64_t fired; due = read(timer_fd, &fired, sizeof fired) > 0 || due; continue; }
      struct connection *c = who;
      int alive = 1;
      if (events[i].events & EPOLLOUT && c->out_left > 0) alive = flush(c);
      if (alive && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) alive = receive(c);
      if (!alive) finish(c);
    }
    if (due) send_due();
  }
}
