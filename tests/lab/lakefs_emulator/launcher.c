/* Copyright (c) 2026 the uplift.datastores contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The emulator's first bytes: a program whose /proc/PID/exe is itself, as that of the real one is. The archive behind
 * it is run by Python in a child, which gets the signals that stop a service and does not outlive its parent.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;

static void forward(int number) { kill(child, number); }

int main(int argc, char **argv) {
    static char path[4096];
    char **words = calloc(argc + 3, sizeof *words);
    int status = 0;
    if (!words || readlink("/proc/self/exe", path, sizeof path - 1) < 0) return 127;
    words[0] = "python3";
    words[1] = "-I";
    words[2] = path;
    for (int i = 1; i < argc; i++) words[i + 2] = argv[i];
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execvp(words[0], words);
        _exit(127);
    }
    signal(SIGTERM, forward);
    signal(SIGINT, forward);
    while (waitpid(child, &status, 0) < 0) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
