/* The clients of the benchmark: one thread, many keep-alive connections, every reply compared byte by byte.
 *
 *   load port=N request=FILE expect=FILE connections=N seconds=S [rate=R] [spacing=poisson|even]
 *        [total=N] [stamp=first]
 *
 * rate=0 (closed loop): each connection asks again as soon as it was answered, for S seconds.
 * rate=R (open loop): requests start at R per second whatever the answers do, and latency counts from the
 * intended time, so that a stall is charged to every request it delayed. `total` ends either loop early.
 * With stamp=first latency ends at the first byte of the body, and "ready" is printed when `total` of them came.
 * Requests under way at the end are waited for (10 s at most), so that the counts are exact. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
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

#define SECOND 1000000000ull
#define PATIENCE_NS (10 * SECOND)
#define WAITING 65536
#define MOST_FAILURES 200

enum phase { HEAD, LENGTH, CHUNK_SIZE, CHUNK, CHUNK_END, LAST_CHUNK, DONE };
struct connection {
  int fd, busy, status, wrong, seen;
  enum phase phase;
  size_t sent, left, at, head_used; /* at: how many bytes of the body were compared */
  uint64_t since_ns;
  char head[8192];
};

static char *request, *expect;
static size_t request_length, expect_length;
static int epoll_fd, port, stamp_first;
static struct connection **idle;
static int idle_count, busy_count;
static uint64_t waiting[WAITING], waiting_from, waiting_to;
static uint64_t started, served, failed, wrong, first_seen, last_ns;
static uint64_t buckets[64 * 128];
static char first_failure[161];

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

/* Log-linear buckets: 128 per power of two, so a value is off by 0.4 % at most. */
static void record(uint64_t ns) {
  if (ns < 128) { buckets[ns]++; return; }
  int shift = 56 - __builtin_clzll(ns);
  buckets[(shift + 1) * 128 + (int)((ns >> shift) & 127)]++;
}

static char *read_text(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (!file) { perror(path); exit(2); }
  fseek(file, 0, SEEK_END);
  *length = (size_t)ftell(file);
  rewind(file);
  char *at = malloc(*length + 1);
  if (fread(at, 1, *length, file) != *length) exit(2);
  fclose(file);
  return at;
}

static int dial(struct connection *c) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int one = 1;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address)) { close(c->fd); c->fd = -1; return 0; }
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
  return 1;
}

static void settle(struct connection *c, int whole) {
  last_ns = now_ns();
  int good = whole && c->status == 200 && !c->wrong && c->at == expect_length;
  if (good) {
    served++;
    if (!stamp_first) record(last_ns - c->since_ns);
  } else {
    failed++;
    if (whole && c->status == 200) wrong++;
    if (!first_failure[0]) snprintf(first_failure, sizeof first_failure, "%s%.120s", whole ? "" : "cut off: ", c->head);
  }
  c->busy = 0;
  busy_count--;
  idle[idle_count++] = c;
}

static void drop(struct connection *c) {
  close(c->fd);
  c->fd = -1;
  if (c->busy) settle(c, 0);
}

static void push(struct connection *c) {
  size_t before = c->sent;
  ssize_t sent = send(c->fd, request + c->sent, request_length - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN) return; /* recv tells why */
  if (sent > 0) c->sent += (size_t)sent;
  int partial = c->sent < request_length;
  if (!partial && before == 0) return;
  struct epoll_event event = {.events = partial ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

static void ask(struct connection *c, uint64_t since_ns) {
  c->busy = 1, c->status = 0, c->wrong = 0, c->seen = 0, c->phase = HEAD;
  c->sent = c->left = c->at = c->head_used = 0;
  c->head[0] = 0;
  c->since_ns = since_ns;
  started++;
  busy_count++;
  if (c->fd < 0 && !dial(c)) { settle(c, 0); return; }
  push(c);
}

static void body(struct connection *c, const char *at, size_t length) {
  if (length == 0) return;
  if (!c->seen) {
    c->seen = 1;
    first_seen++;
    if (stamp_first) record(now_ns() - c->since_ns);
  }
  if (c->at + length > expect_length || memcmp(expect + c->at, at, length)) c->wrong = 1;
  c->at += length;
}

static void head(struct connection *c) {
  c->head[c->head_used] = 0;
  if (c->head_used < 4 || memcmp(c->head + c->head_used - 4, "\r\n\r\n", 4)) return;
  c->status = atoi(c->head + 9);
  char *line = strcasestr(c->head, "\r\ncontent-length:");
  c->phase = line ? LENGTH : CHUNK_SIZE;
  c->left = line ? strtoul(line + 17, NULL, 10) : 0;
  if (line && c->left == 0) c->phase = DONE;
}

static void feed(struct connection *c, const char *at, size_t length) {
  while (length > 0 && c->phase != DONE) {
    size_t take = 1;
    if (c->phase == LENGTH || c->phase == CHUNK) {
      take = length < c->left ? length : c->left;
      body(c, at, take);
      c->left -= take;
      if (c->left == 0) c->phase = c->phase == LENGTH ? DONE : CHUNK_END;
    } else if (c->phase == HEAD) {
      const char *line_end = memchr(at, '\n', length);
      take = line_end ? (size_t)(line_end - at) + 1 : length;
      if (c->head_used + take >= sizeof c->head) { c->wrong = 1; c->phase = DONE; break; }
      memcpy(c->head + c->head_used, at, take);
      c->head_used += take;
      if (line_end) head(c);
    } else if (c->phase == CHUNK_SIZE) {
      if (*at == '\n') c->phase = c->left ? CHUNK : LAST_CHUNK;
      else if (*at != '\r') c->left = c->left * 16 + (size_t)(*at <= '9' ? *at - '0' : (*at | 32) - 'a' + 10);
    } else if (*at == '\n') {
      c->phase = c->phase == CHUNK_END ? CHUNK_SIZE : DONE;
    }
    at += take;
    length -= take;
  }
  if (c->phase == DONE) settle(c, 1);
}

static void receive(struct connection *c) {
  static char buffer[65536];
  ssize_t got = recv(c->fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got > 0 && c->busy) feed(c, buffer, (size_t)got);
  else if (got == 0 || (got < 0 && errno != EAGAIN)) drop(c);
}

static const char *argument(int count, char **values, const char *name, const char *otherwise) {
  size_t length = strlen(name);
  for (int i = 1; i < count; i++)
    if (!strncmp(values[i], name, length) && values[i][length] == '=') return values[i] + length + 1;
  if (!otherwise) { fprintf(stderr, "missing %s=\n", name); exit(2); }
  return otherwise;
}

static void print_result(uint64_t begin_ns) {
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  for (char *p = first_failure; *p; p++) if (*p < ' ' || *p == '"' || *p == '\\') *p = ' ';
  printf("{\"started\":%lu,\"served\":%lu,\"failed\":%lu,\"wrong\":%lu,\"seconds\":%.6f,\"cpuSeconds\":%.6f,\"firstFailure\":\"%s\",\"histogram\":[",
         started, served, failed, wrong, (double)(last_ns - begin_ns) / 1e9,
         (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) + (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6, first_failure);
  const char *comma = "";
  for (int i = 0; i < 57 * 128; i++) {
    if (!buckets[i]) continue;
    double low = i < 128 ? i : ldexp(128 + i % 128, i / 128 - 1), wide = i < 128 ? 0 : ldexp(1, i / 128 - 1);
    printf("%s[%.0f,%lu]", comma, low + wide / 2, buckets[i]);
    comma = ",";
  }
  printf("]}\n");
}

int main(int count, char **values) {
  port = atoi(argument(count, values, "port", NULL));
  request = read_text(argument(count, values, "request", NULL), &request_length);
  expect = read_text(argument(count, values, "expect", NULL), &expect_length);
  int connections = atoi(argument(count, values, "connections", NULL));
  double seconds = atof(argument(count, values, "seconds", NULL)), rate = atof(argument(count, values, "rate", "0"));
  uint64_t total = strtoull(argument(count, values, "total", "0"), NULL, 10);
  int even = !strcmp(argument(count, values, "spacing", "poisson"), "even"), announced = 0;
  stamp_first = !strcmp(argument(count, values, "stamp", "last"), "first");
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGPIPE, SIG_IGN);
  srand48(1);
  epoll_fd = epoll_create1(0);
  int timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event events[256], event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &event);

  idle = malloc(sizeof *idle * (size_t)connections);
  struct connection *all = calloc((size_t)connections, sizeof *all);
  for (int i = connections - 1; i >= 0; i--) {
    all[i].fd = -1;
    if (!stamp_first && !dial(&all[i])) { perror("connect"); return 2; }
    idle[idle_count++] = &all[i];
  }
  uint64_t begin = now_ns(), end = begin + (uint64_t)(seconds * 1e9), next = begin, planned = 0;
  last_ns = begin;
  for (;;) {
    uint64_t now = now_ns();
    int over = now >= end || (total && planned >= total) || failed >= MOST_FAILURES;
    if (rate > 0) {
      for (; next <= now && next < end && !(total && planned >= total) && waiting_to - waiting_from < WAITING; planned++) {
        waiting[waiting_to++ % WAITING] = next;
        next += (uint64_t)((even ? 1 : -log(1 - drand48())) * 1e9 / rate);
      }
      while (idle_count && waiting_from < waiting_to) ask(idle[--idle_count], waiting[waiting_from++ % WAITING]);
      if (next >= end) over = 1;
      struct itimerspec when = {.it_value = {(time_t)(next / SECOND), (long)(next % SECOND)}};
      if (!over) timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
    } else {
      while (!over && idle_count) {
        ask(idle[--idle_count], now_ns());
        over = (total && ++planned >= total) || failed >= MOST_FAILURES;
      }
    }
    if (stamp_first && !announced && total && first_seen >= total) { announced = 1; puts("ready"); fflush(stdout); }
    if (over && busy_count == 0 && (waiting_from == waiting_to || failed >= MOST_FAILURES)) break;
    if (now > end + PATIENCE_NS) { failed += (uint64_t)busy_count; break; }
    int ready = epoll_wait(epoll_fd, events, 256, 100);
    for (int i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;
      uint64_t fired;
      if (!c) { if (read(timer_fd, &fired, sizeof fired) < 0) continue; }
      else if (c->fd >= 0) { if (events[i].events & EPOLLOUT) push(c); receive(c); }
    }
  }
  print_result(begin);
  return 0;
}
