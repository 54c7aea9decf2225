/*
 * streams.h - the standard streams, before anything else is opened.
 *
 * A standard stream that is closed would be taken by the next file that is opened: rows would go
 * into a lock, messages to a client's connection, and what is read as standard input would be
 * something else. So each program calls this first.
 */
#ifndef CS_STREAMS_H
#define CS_STREAMS_H

/* Opens what is closed of them the wrong way round, so that using it fails, as it should. */
void streams_occupy(void);

#endif
