/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * newlib's system calls and locks. There are no files, processes or signals: what asks for one
 * gets -1 and ENOSYS. Invariant: sbrk's memory is one run that only grows within its bounds.
 */
#include "kernel/newlib.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/lock.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>

#include "kernel/cpu.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

static char *heap_start, *heap_end, *heap_break;

void newlib_set_heap(void *start, size_t size)
{
	must(!heap_start);
	heap_start = heap_break = start;
	heap_end = heap_start + size;
}

void *sbrk(ptrdiff_t change);
void *sbrk(ptrdiff_t change)
{
	char *old = heap_break;

	if (change > heap_end - old || change < heap_start - old) {
		errno = ENOMEM;
		return (void *)-1;
	}
	heap_break += change;
	return old;
}

/* Names and types as newlib's reentrant layer calls them. */
int read(int fd, void *buf, size_t size);
int write(int fd, const void *buf, size_t size);
int close(int fd);
long lseek(int fd, long offset, int whence);
int isatty(int fd);
int kill(int pid, int sig);
int getpid(void);
int open(const char *path, int flags, ...);
void _exit(int status) __attribute__((noreturn));
void _init(void);
void _fini(void);

static int nosys(void)
{
	errno = ENOSYS;
	return -1;
}

int write(int fd, const void *buf, size_t size)
{
	if (fd != 1 && fd != 2)
		return nosys();
	printk_text(buf, size);
	return (int)size;
}

int read(int fd, void *buf, size_t size) { (void)fd, (void)buf, (void)size; return nosys(); }
int close(int fd) { (void)fd; return nosys(); }
long lseek(int fd, long o, int whence) { (void)fd, (void)o, (void)whence; return nosys(); }
int isatty(int fd) { return fd >= 0 && fd <= 2; }
int kill(int pid, int sig) { (void)pid, (void)sig; return nosys(); }
int getpid(void) { return 1; }
int open(const char *path, int flags, ...) { (void)path, (void)flags; return nosys(); }
int stat(const char *path, struct stat *st) { (void)path, (void)st; return nosys(); }
clock_t times(struct tms *t) { (void)t; return (clock_t)nosys(); }
int gettimeofday(struct timeval *tv, void *tz) { (void)tv, (void)tz; return nosys(); }
void _exit(int status) { panic("newlib: exit(%d)", status); }
void _init(void) { }
void _fini(void) { }

int fstat(int fd, struct stat *st)
{
	if (fd < 0 || fd > 2)
		return nosys();
	st->st_mode = S_IFCHR;
	return 0;
}

/* Retargetable locks: recursive ones count how often their core holds them. */
struct __lock {
	struct lock lock;
	u32 owner;		/* core number + 1; 0 = nobody */
	u32 depth;
};

struct __lock __lock___sfp_recursive_mutex, __lock___atexit_recursive_mutex;
struct __lock __lock___at_quick_exit_mutex, __lock___malloc_recursive_mutex;
struct __lock __lock___env_recursive_mutex, __lock___tz_mutex, __lock___dd_hash_mutex;
struct __lock __lock___arc4random_mutex;

void __retarget_lock_init(_LOCK_T *l)
{
	*l = calloc(1, sizeof(**l));
	must(*l);
}

void __retarget_lock_init_recursive(_LOCK_T *l) { __retarget_lock_init(l); }
void __retarget_lock_close(_LOCK_T l) { free(l); }
void __retarget_lock_close_recursive(_LOCK_T l) { free(l); }
void __retarget_lock_acquire(_LOCK_T l) { lock_take(&l->lock); }
void __retarget_lock_release(_LOCK_T l) { lock_drop(&l->lock); }

void __retarget_lock_acquire_recursive(_LOCK_T l)
{
	u32 me = this_cpu()->id + 1;

	if (__atomic_load_n(&l->owner, __ATOMIC_RELAXED) != me) {
		lock_take(&l->lock);
		__atomic_store_n(&l->owner, me, __ATOMIC_RELAXED);
	}
	l->depth++;
}

void __retarget_lock_release_recursive(_LOCK_T l)
{
	if (--l->depth)
		return;
	__atomic_store_n(&l->owner, 0, __ATOMIC_RELAXED);
	lock_drop(&l->lock);
}

int __retarget_lock_try_acquire(_LOCK_T l)
{
	return !__atomic_exchange_n(&l->lock.held, 1, __ATOMIC_ACQUIRE);
}

int __retarget_lock_try_acquire_recursive(_LOCK_T l)
{
	u32 me = this_cpu()->id + 1;

	if (__atomic_load_n(&l->owner, __ATOMIC_RELAXED) != me) {
		if (!__retarget_lock_try_acquire(l))
			return 0;
		__atomic_store_n(&l->owner, me, __ATOMIC_RELAXED);
	}
	l->depth++;
	return 1;
}
