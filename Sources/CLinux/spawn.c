#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>

#include "CLinux.h"

int apus_spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[], const char *directory,
               const char *terminal, const int *descriptors, int count, int new_session) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t set;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return error;
    error = posix_spawnattr_init(&attributes);
    if (error) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }

    if (directory) error = posix_spawn_file_actions_addchdir_np(&actions, directory);
    if (terminal) {
        // The first terminal that a session leader opens becomes its controlling terminal (tty_ioctl(4)).
        if (!error) error = posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0);
        for (count = 1; !error && count < 3; count++) error = posix_spawn_file_actions_adddup2(&actions, 0, count);
    } else {
        for (int i = 0; !error && i < count; i++)
            error = posix_spawn_file_actions_adddup2(&actions, descriptors[i], i);
    }
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(&actions, count);

    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes, &set);
    sigfillset(&set);
    posix_spawnattr_setsigdefault(&attributes, &set);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              (new_session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP));
    if (!error) error = posix_spawn(pid, path, &actions, &attributes, argv, envp);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}
