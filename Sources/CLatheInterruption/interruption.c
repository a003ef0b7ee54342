#define _GNU_SOURCE
#include "CLatheInterruption.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CAPACITY 256
#define DEEPEST 16

// A place of a table is 0 while it is free. Whoever puts 0 there has what stood there for himself.
typedef _Atomic(intptr_t) place;

static place paths[CAPACITY], programs[CAPACITY], own_processes[CAPACITY];
static atomic_flag has_begun = ATOMIC_FLAG_INIT;
static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
#define SIGNALS (sizeof signals / sizeof *signals)

static void add(place *table, intptr_t word) {
  for (int i = 0; i < CAPACITY; i++) {
    intptr_t none = 0;
    if (atomic_compare_exchange_strong(&table[i], &none, word)) return;
  }
}

static int take(place *table, intptr_t word) {
  for (int i = 0; i < CAPACITY; i++) {
    intptr_t expected = word;
    if (atomic_compare_exchange_strong(&table[i], &expected, 0)) return 1;
  }
  return 0;
}

void lathe_interruption_add_path(char *path) { add(paths, (intptr_t)path); }

int lathe_interruption_take_path(char *path) { return take(paths, (intptr_t)path); }

void lathe_interruption_add_program(pid_t group) { add(programs, group); }

void lathe_interruption_add_own_process(pid_t group) { add(own_processes, group); }

void lathe_interruption_remove_group(pid_t group) {
  if (!take(programs, group)) take(own_processes, group);
}

// In the handler: system calls that take neither locks nor memory.

static void remove_entry(int folder, const char *name, int depth);

// Reads the folder by getdents64, since opendir takes memory.
static void empty_folder(int folder, int depth) {
  _Alignas(struct dirent64) char buffer[2048];
  ssize_t count;
  while ((count = getdents64(folder, buffer, sizeof buffer)) > 0) {
    for (ssize_t offset = 0; offset < count;) {
      const struct dirent64 *entry = (const struct dirent64 *)(buffer + offset);
      const char *name = entry->d_name;
      offset += entry->d_reclen;
      if (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]))) continue;
      remove_entry(folder, name, depth);
    }
  }
}

static void remove_entry(int folder, const char *name, int depth) {
  if (unlinkat(folder, name, 0) == 0 || errno != EISDIR || depth >= DEEPEST) return;
  int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (inner < 0) return;
  empty_folder(inner, depth + 1);
  close(inner);
  unlinkat(folder, name, AT_REMOVEDIR);
}

// Two seconds at most.
static void wait_for_end(pid_t child) {
  const struct timespec pause = {0, 10 * 1000 * 1000};
  for (int i = 0; i < 200; i++) {
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0) return;
    nanosleep(&pause, NULL);
  }
}

static void pass_on(int number, pid_t group) {
  kill(-group, number);
  wait_for_end(group);
  kill(-group, SIGKILL);
  wait_for_end(group);
}

static void tidy_up(int number) {
  if (atomic_flag_test_and_set(&has_begun)) return;
  for (int i = 0; i < CAPACITY; i++) {
    intptr_t group = atomic_exchange(&programs[i], 0);
    if (group) kill(-(pid_t)group, SIGKILL);
  }
  for (int i = 0; i < CAPACITY; i++) {
    intptr_t group = atomic_exchange(&own_processes[i], 0);
    if (group) pass_on(number, (pid_t)group);
  }
  for (int i = 0; i < CAPACITY; i++) {
    intptr_t path = atomic_exchange(&paths[i], 0);
    if (path) remove_entry(AT_FDCWD, (const char *)path, 0);
  }
  // Blocked until the handler returns, the signal then ends the process.
  signal(number, SIG_DFL);
  raise(number);
}

void lathe_interruption_install(void) {
  struct sigaction action = {.sa_handler = tidy_up, .sa_flags = SA_RESTART};
  for (size_t i = 0; i < SIGNALS; i++) sigaddset(&action.sa_mask, signals[i]);
  for (size_t i = 0; i < SIGNALS; i++) {
    struct sigaction before;
    if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(signals[i], &action, NULL);
  }
}
