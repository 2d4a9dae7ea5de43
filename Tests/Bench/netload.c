// netload serve PORT                      TCP and UDP: echoes, takes and gives bytes
// netload connect HOST PORT COUNT         nanoseconds of each: connect, a byte there and back, close
// netload send|receive HOST PORT SECONDS  bits per second of one TCP connection
// netload udp HOST PORT SIZE COUNT        see exchange()
// netload dns NAME COUNT                  the same with queries to the first server of /etc/resolv.conf
// netload answer SUFFIX                   a DNS server that knows the names below SUFFIX alone
// netload first HOST PORT                 CLOCK_MONOTONIC, nanoseconds, when the port has answered for the first time
//
// The load of the benchmark's networks: the same program is server and client, in containers and outside.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WARM_UP = 20, WINDOW = 16, LONGEST = 30 };

static uint8_t buffer[256 * 1024];

static long must(long result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "netload: %s: %s\n", what, strerror(errno));
        _exit(1); // what was measured so far is not printed
    }
    return result;
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static struct sockaddr_in address(const char *host, const char *port) {
    struct sockaddr_in result = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    if (inet_pton(AF_INET, host, &result.sin_addr) == 1) return result;
    fprintf(stderr, "netload: no address: %s\n", host);
    exit(1);
}

// A socket that waits for nothing longer than `timeout`.
static int open_socket(int type, int milliseconds) {
    int fd = must(socket(AF_INET, type | SOCK_CLOEXEC, 0), "socket");
    struct timeval limit = {milliseconds / 1000, milliseconds % 1000 * 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return fd;
}

static int listening(int type, const char *port) {
    struct sockaddr_in any = address("0.0.0.0", port);
    int fd = must(socket(AF_INET, type | SOCK_CLOEXEC, 0), "socket"), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    must(bind(fd, (struct sockaddr *)&any, sizeof any), "bind");
    if (type == SOCK_STREAM) must(listen(fd, 1024), "listen");
    return fd;
}

// Gives bytes, or takes them and tells at the end how many there were.
static void stream(int fd, int give) {
    alarm(LONGEST);
    if (give)
        while (write(fd, buffer, sizeof buffer) > 0) {}
    uint64_t total = 0;
    for (ssize_t got; (got = read(fd, buffer, sizeof buffer)) > 0;) total += got;
    write(fd, &total, sizeof total);
    _exit(0);
}

static void serve(const char *port) {
    struct pollfd set[] = {{listening(SOCK_STREAM, port), POLLIN, 0}, {listening(SOCK_DGRAM, port), POLLIN, 0}};
    signal(SIGCHLD, SIG_IGN);
    // The first process of a container takes no signal that it has no handler for.
    signal(SIGTERM, _exit);
    for (;;) {
        poll(set, 2, -1);
        struct sockaddr_in from;
        socklen_t length = sizeof from;
        ssize_t got;
        if (set[1].revents && (got = recvfrom(set[1].fd, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &length)) >= 0)
            sendto(set[1].fd, buffer, got, 0, (struct sockaddr *)&from, length);
        if (!set[0].revents) continue;
        int fd = accept4(set[0].fd, NULL, NULL, SOCK_CLOEXEC);
        struct timeval limit = {2, 0};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        char kind = 0;
        if (read(fd, &kind, 1) == 1 && kind == 'e') write(fd, &kind, 1);
        if ((kind == 's' || kind == 'r') && fork() == 0) {
            limit.tv_sec = 0;
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
            stream(fd, kind == 'r');
        }
        close(fd);
    }
}

// Connects and has one byte echoed; false with errno where that fails.
static int echo_once(const struct sockaddr_in *to, int milliseconds) {
    int fd = open_socket(SOCK_STREAM, milliseconds);
    char byte = 'e';
    errno = 0;
    int done = connect(fd, (struct sockaddr *)to, sizeof *to) == 0 && write(fd, &byte, 1) == 1 && read(fd, &byte, 1) == 1;
    int error = errno ? errno : ECONNRESET;
    close(fd);
    errno = error;
    return done;
}

static void connects(struct sockaddr_in to, int count) {
    for (int i = 0; i < WARM_UP + count; i++) {
        int64_t begin = now();
        must(echo_once(&to, 3000) - 1, "connect");
        if (i >= WARM_UP) printf("%ld ", (long)(now() - begin));
    }
}

static void transfer(struct sockaddr_in to, double seconds, char kind) {
    int fd = open_socket(SOCK_STREAM, 5000);
    must(connect(fd, (struct sockaddr *)&to, sizeof to), "connect");
    must(write(fd, &kind, 1), "write");
    int64_t begin = now(), end = begin + seconds * 1e9;
    uint64_t total = 0;
    while (now() < end) {
        ssize_t done = kind == 's' ? write(fd, buffer, sizeof buffer) : read(fd, buffer, sizeof buffer);
        total += must(done ? done : -1, kind == 's' ? "write" : "read");
    }
    if (kind == 's') {
        // What waits in buffers has not arrived: the server tells when and how much has.
        shutdown(fd, SHUT_WR);
        must(read(fd, &total, sizeof total) - (long)sizeof total, "read");
    }
    printf("%.0f\n", total * 8 / ((now() - begin) / 1e9));
}

struct load {
    int fd;
    uint8_t *request;
    size_t size;
    uint16_t id;
    int64_t sent_at[65536]; // by id; 0 where nothing is awaited
    long sent, lost;
};

// Whether an answer is one that names can be had from.
static void check_dns(const uint8_t *reply, ssize_t size) {
    if (size >= 12 && !(reply[3] & 15) && (reply[6] || reply[7])) return;
    fprintf(stderr, "netload: the resolver's answer: code %d, %d records\n", reply[3] & 15, reply[7]);
    exit(1);
}

// Keeps `window` requests on their way until `count` are answered or `end` is reached; prints each one's nanoseconds if told to.
static void keep(struct load *load, int window, long count, int64_t end, int dns, int print) {
    int waiting = 0;
    for (long answered = 0; answered < count && now() < end;) {
        for (; waiting < window; waiting++) {
            uint16_t id = htons(++load->id);
            memcpy(load->request, &id, 2);
            load->sent_at[load->id] = now();
            must(send(load->fd, load->request, load->size, 0), "send");
            load->sent++;
        }
        ssize_t got = recv(load->fd, buffer, sizeof buffer, 0);
        if (got < 0 && errno != EAGAIN) must(got, "recv");
        if (got < 0) { // nothing for a while: what is awaited is lost
            load->lost += waiting;
            waiting = 0;
            memset(load->sent_at, 0, sizeof load->sent_at);
            if (load->lost > 20 + load->sent / 4) errno = ETIMEDOUT, must(-1, "recv");
            continue;
        }
        uint16_t id = got < 2 ? 0 : buffer[0] << 8 | buffer[1];
        if (!load->sent_at[id]) continue;
        if (dns) check_dns(buffer, got);
        if (print) printf(" %ld", (long)(now() - load->sent_at[id]));
        load->sent_at[id] = 0;
        waiting--, answered++;
    }
    load->lost += window > 1 ? 0 : waiting;
}

// Prints: answers per second while WINDOW requests are on their way, the part that was lost, and the nanoseconds of `count` requests
// of which each waited for the one before.
static void exchange(struct sockaddr_in to, uint8_t *request, size_t size, long count, int dns) {
    static struct load load;
    load = (struct load){.fd = open_socket(SOCK_DGRAM, 200), .request = request, .size = size};
    must(connect(load.fd, (struct sockaddr *)&to, sizeof to), "connect");
    keep(&load, 1, WARM_UP, INT64_MAX, dns, 0);
    int64_t begin = now();
    long before = load.sent - load.lost;
    keep(&load, WINDOW, INT64_MAX, begin + 500000000, dns, 0);
    printf("%.0f", (load.sent - load.lost - before) / ((now() - begin) / 1e9));
    // Those of the window that are still on their way belong to no later wait.
    while (recv(load.fd, buffer, sizeof buffer, 0) >= 0) {}
    memset(load.sent_at, 0, sizeof load.sent_at);
    printf(" %.6f", (double)load.lost / load.sent);
    keep(&load, 1, count, INT64_MAX, dns, 1);
}

static size_t query(uint8_t *out, const char *name) {
    static const uint8_t head[12] = {0, 0, 1, 0, 0, 1}, tail[5] = {0, 0, 1, 0, 1};
    memcpy(out, head, 12);
    size_t at = 12;
    while (*name) {
        size_t length = strcspn(name, ".");
        out[at++] = length;
        memcpy(out + at, name, length);
        at += length;
        name += length + (name[length] == '.');
    }
    memcpy(out + at, tail, 5);
    return at + 5;
}

static void dns(const char *name, long count) {
    static uint8_t request[512];
    char line[256], server[64] = "";
    FILE *file = fopen("/etc/resolv.conf", "r");
    must(file ? 0 : -1, "/etc/resolv.conf");
    while (!*server && fgets(line, sizeof line, file)) sscanf(line, "nameserver %63s", server);
    exchange(address(server, "53"), request, query(request, name), count, 1);
}

static void answer(const char *suffix) {
    static const uint8_t record[16] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 51, 100, 10};
    uint8_t wanted[512];
    size_t length = query(wanted, suffix) - 12;
    int fd = listening(SOCK_DGRAM, "53");
    for (;;) {
        struct sockaddr_in from;
        socklen_t from_length = sizeof from;
        ssize_t got = recvfrom(fd, buffer, 512, 0, (struct sockaddr *)&from, &from_length);
        if (got < 12) continue;
        size_t end = 12;
        while (end < (size_t)got && buffer[end]) end += buffer[end] + 1;
        end += 5; // the root label, type and class; an EDNS record that may follow is left out
        int known = end >= 12 + length && end <= (size_t)got && !memcmp(buffer + end - length, wanted + 12, length);
        buffer[2] = 0x84 | (buffer[2] & 1);
        buffer[3] = known ? 0x80 : 0x83;
        memcpy(buffer + 6, (uint8_t[]){0, known, 0, 0, 0, 0}, 6);
        if (known) memcpy(buffer + end, record, sizeof record), end += sizeof record;
        sendto(fd, buffer, end, 0, (struct sockaddr *)&from, from_length);
    }
}

static void first(struct sockaddr_in to) {
    // A short wait for each: a first packet that nobody took would be sent again after a second only.
    for (int64_t end = now() + 10000000000; now() < end; usleep(500))
        if (echo_once(&to, 50)) {
            printf("%lld\n", (long long)now());
            return;
        }
    must(-1, "no answer");
}

int main(int argc, char **argv) {
    const char *verb = argc > 1 ? argv[1] : "";
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOFBF, 1 << 20);
    if (argc == 3 && !strcmp(verb, "serve")) serve(argv[2]);
    else if (argc == 5 && !strcmp(verb, "connect")) connects(address(argv[2], argv[3]), atoi(argv[4]));
    else if (argc == 5 && !strcmp(verb, "send")) transfer(address(argv[2], argv[3]), atof(argv[4]), 's');
    else if (argc == 5 && !strcmp(verb, "receive")) transfer(address(argv[2], argv[3]), atof(argv[4]), 'r');
    else if (argc == 6 && !strcmp(verb, "udp") && atoi(argv[4]) >= 2 && atoi(argv[4]) <= 65507)
        exchange(address(argv[2], argv[3]), malloc(65536), atoi(argv[4]), atol(argv[5]), 0);
    else if (argc == 4 && !strcmp(verb, "dns")) dns(argv[2], atol(argv[3]));
    else if (argc == 3 && !strcmp(verb, "answer")) answer(argv[2]);
    else if (argc == 4 && !strcmp(verb, "first")) first(address(argv[2], argv[3]));
    else return fprintf(stderr, "netload: see the top of netload.c\n"), 125;
}
