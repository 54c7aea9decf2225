/*
 * directory.h - the directory of a run: made, and held by one at a time.
 *
 * What is in it holds ids of people: it is for its owner alone, whatever the umask. The lock is
 * flock(2) on DIR/lock, held by this process and by all that read and count for it: what a killed
 * one has left at work is still at work.
 */
#ifndef CS_DIRECTORY_H
#define CS_DIRECTORY_H

/* Makes the directory where it is missing, and takes the lock, for which it waits ten seconds.
 * Returns its descriptor. Exit 1: somebody else works there. */
int directory_take(const char *dir);

#endif
