// treelist ROOT: describes every file below ROOT, one line each, sorted by path: what two unpacked images are
// compared by. Mount points below ROOT are left out, and so are the attributes by which overlayfs keeps its state.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

struct seen {
    dev_t dev;
    ino_t ino;
    char *path;
    struct seen *next;
};
static struct seen *links;

static void die(const char *what, const char *path) {
    fprintf(stderr, "treelist: %s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

// Bytes that are not printable ASCII are written as \xNN.
static void print_escaped(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char c = text[i];
        if (c <= ' ' || c == '\\' || c > '~') printf("\\x%02x", c);
        else putchar(c);
    }
}

static uint64_t content_hash(const char *path) {
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) die("open", path);
    uint64_t hash = 0xcbf29ce484222325u; // FNV-1a
    static unsigned char buffer[1 << 16];
    ssize_t got;
    while ((got = read(fd, buffer, sizeof buffer)) > 0)
        for (ssize_t i = 0; i < got; i++) hash = (hash ^ buffer[i]) * 0x100000001b3u;
    if (got < 0) die("read", path);
    close(fd);
    return hash;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void print_attributes(const char *path) {
    static char names[1 << 16], value[1 << 16];
    ssize_t length = llistxattr(path, names, sizeof names);
    if (length <= 0) return;
    char *list[1024];
    size_t count = 0;
    for (char *name = names; name < names + length && count < 1024; name += strlen(name) + 1)
        if (!strstr(name, ".overlay.") && strcmp(name, "security.selinux")) list[count++] = name;
    qsort(list, count, sizeof *list, by_name);
    for (size_t i = 0; i < count; i++) {
        ssize_t size = lgetxattr(path, list[i], value, sizeof value);
        if (size < 0) continue;
        printf(" %s=", list[i]);
        print_escaped(value, size);
    }
}

// The path of the file that was listed first with this inode.
static const char *first_link(const struct stat *st, const char *shown) {
    for (struct seen *entry = links; entry; entry = entry->next)
        if (entry->dev == st->st_dev && entry->ino == st->st_ino) return entry->path;
    struct seen *entry = malloc(sizeof *entry);
    *entry = (struct seen){st->st_dev, st->st_ino, strdup(shown), links};
    links = entry;
    return NULL;
}

static void list(const char *path, const char *shown) {
    struct statx mount;
    if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &mount) < 0) die("statx", path);
    if (*shown && mount.stx_attributes & STATX_ATTR_MOUNT_ROOT) return;
    struct stat st;
    if (lstat(path, &st) < 0) die("lstat", path);
    static const char types[] = "?pc?d?b?-?l?s???";
    print_escaped(*shown ? shown : "/", strlen(*shown ? shown : "/"));
    printf(" %c%04o %u:%u %lld.%09ld", types[st.st_mode >> 12 & 15], st.st_mode & 07777, st.st_uid, st.st_gid,
           (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    if (S_ISREG(st.st_mode)) {
        printf(" %lld %016llx", (long long)st.st_size, (unsigned long long)content_hash(path));
        const char *first = st.st_nlink > 1 ? first_link(&st, shown) : NULL;
        if (first) {
            printf(" same-as:");
            print_escaped(first, strlen(first));
        }
    } else if (S_ISLNK(st.st_mode)) {
        static char target[4096];
        ssize_t length = readlink(path, target, sizeof target);
        if (length < 0) die("readlink", path);
        printf(" -> ");
        print_escaped(target, length);
    } else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
        printf(" %u,%u", major(st.st_rdev), minor(st.st_rdev));
    }
    print_attributes(path);
    putchar('\n');
    if (!S_ISDIR(st.st_mode)) return;

    DIR *folder = opendir(path);
    if (!folder) die("opendir", path);
    char **names = NULL;
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        names = realloc(names, (count + 1) * sizeof *names);
        names[count++] = strdup(entry->d_name);
    }
    closedir(folder);
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        char *below, *name;
        if (asprintf(&below, "%s/%s", strcmp(path, "/") ? path : "", names[i]) < 0) die("asprintf", path);
        if (asprintf(&name, "%s/%s", shown, names[i]) < 0) die("asprintf", path);
        list(below, name);
        free(below);
        free(name);
        free(names[i]);
    }
    free(names);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: treelist ROOT\n");
        return 2;
    }
    list(argv[1], "");
    return 0;
}
