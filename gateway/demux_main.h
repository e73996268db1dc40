/* demux_main.h - entry of the demux role (chassisd --role demux). */
#ifndef GATEWAY_DEMUX_MAIN_H
#define GATEWAY_DEMUX_MAIN_H

/* demux_main - serve until chassisd goes; returns the exit status. Descriptors: 3 IPC, 4 a struct demux_shared. */
int demux_main(void);

#endif
