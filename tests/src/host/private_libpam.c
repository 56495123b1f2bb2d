/*
 * A host as python's ctypes makes one: it loads libpam for itself alone (RTLD_LOCAL), so that a
 * module finds no symbol of it that it does not ask for by name. And it has a getenv of its own,
 * which every library in the process calls, and which tells who asked for what.
 *
 * Usage: private-libpam CONFDIR SERVICE USER PASSWORD
 * Prints "CALL CODE" for each call and "getenv NAME LIBRARY" for each variable asked for.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct message { int style; const char *text; };
struct response { char *text; int code; };
struct conv { int (*f)(int, const struct message **, struct response **, void *); void *data; };

static void tell(const char *function, const char *name, void *caller)
{
    Dl_info library;
    const char *file = dladdr(caller, &library) ? library.dli_fname : "?";
    printf("%s %s %s\n", function, name, file);
}

char *getenv(const char *name)
{
    tell("getenv", name, __builtin_return_address(0));
    return NULL;
}

char *secure_getenv(const char *name)
{
    tell("secure_getenv", name, __builtin_return_address(0));
    return NULL;
}

static int converse(int n, const struct message **messages, struct response **responses, void *data)
{
    *responses = calloc(n, sizeof **responses);
    for (int i = 0; i < n; i++)
        if (messages[i]->style <= 2)
            (*responses)[i].text = strdup(data);
    return 0;
}

int main(int argc, char **argv)
{
    static const char *const calls[] = {
        "pam_authenticate", "pam_acct_mgmt", "pam_setcred",
        "pam_open_session", "pam_close_session", "pam_chauthtok",
    };
    void *libpam = dlopen("libpam.so.0", RTLD_NOW | RTLD_LOCAL);
    if (argc != 5 || !libpam)
        return 2;
    int (*start)(const char *, const char *, const struct conv *, const char *, void **);
    int (*end)(void *, int);
    *(void **)&start = dlsym(libpam, "pam_start_confdir");
    *(void **)&end = dlsym(libpam, "pam_end");
    struct conv conv = { converse, argv[4] };
    void *handle = NULL;
    int code = start(argv[2], argv[3], &conv, argv[1], &handle);
    printf("pam_start_confdir %d\n", code);
    for (size_t i = 0; !code && i < sizeof calls / sizeof *calls; i++) {
        int (*call)(void *, int);
        *(void **)&call = dlsym(libpam, calls[i]);
        printf("%s %d\n", calls[i], call(handle, 0));
    }
    return end(handle, 0);
}
