#ifndef LATHE_INTERRUPTION_H
#define LATHE_INTERRUPTION_H

#include <sys/types.h>

// What goes when SIGINT, SIGTERM or SIGHUP ends the process. Every function may be called by several threads at once. Tables have a
// fixed size: what finds no room in them is left by a signal, and by nothing else.

// Installs the handler, after which the process still dies by the signal; one that whoever started the process ignores stays ignored.
void lathe_interruption_install(void);

// Removes a file, or a folder with all that is in it, with the process. The text belongs to the table until it is taken back.
void lathe_interruption_add_path(char *path);

// Returns 0 if the handler has the path already: then its text must stay.
int lathe_interruption_take_path(char *path);

// Kills the process group of a program with the process.
void lathe_interruption_add_program(pid_t group);

// Passes the signal on to the group of another process of lathe, so that it tidies up, before that is killed.
void lathe_interruption_add_own_process(pid_t group);

// Leaves a group alone; to be called while its number cannot be another's yet.
void lathe_interruption_remove_group(pid_t group);

#endif
