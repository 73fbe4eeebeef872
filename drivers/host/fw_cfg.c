/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fw_cfg by its DMA interface. Registers of the memory-mapped form: data +0, selector +8 (16 bits),
 * DMA address +16 (64 bits); all big-endian, as are the structures. Invariant: one transfer is
 * under way at a time, and done before the call returns.
 */
#include "drivers/host/fw_cfg.h"

#include <string.h>

#include "kernel/arch.h"
#include "kernel/lib/err.h"

enum { REG_DMA = 16, KEY_SIGNATURE = 0, KEY_ID = 1, KEY_DIRECTORY = 0x19 };
enum { DMA_ERROR = 1, DMA_READ = 2, DMA_SELECT = 8 };
enum { ID_DMA = 2, FILES_MAX = 4096, POLLS_MAX = 1000000 };

struct dma {
	u32 control, length;
	u64 address;
};

struct entry {
	u32 size;
	u16 select, reserved;
	char name[56];
};

/* Run one command; control is in host order. */
static int transfer(hpa_t base, u32 control, void *buf, u32 size)
{
	volatile struct dma d = {
		.control = __builtin_bswap32(control), .length = __builtin_bswap32(size),
		.address = __builtin_bswap64(ptr_phys(buf).a),
	};
	volatile u64 *reg = phys_ptr_uncached(hpa(base.a + REG_DMA));

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	*reg = __builtin_bswap64(ptr_phys((const void *)&d).a);
	for (unsigned k = 0; k < POLLS_MAX; k++) {
		u32 now = __builtin_bswap32(d.control);

		if (now & DMA_ERROR)
			return -ERR_IO;
		if (now == 0) {
			__atomic_thread_fence(__ATOMIC_SEQ_CST);
			return 0;
		}
	}
	return -ERR_IO;
}

static int read_key(hpa_t base, u16 key, void *buf, u32 size)
{
	return transfer(base, (u32)key << 16 | DMA_SELECT | DMA_READ, buf, size);
}

int fw_cfg_probe(hpa_t base)
{
	char signature[4];
	u32 id;

	if (read_key(base, KEY_SIGNATURE, signature, 4) || memcmp(signature, "QEMU", 4))
		return -ERR_NOENT;
	if (read_key(base, KEY_ID, &id, 4) || !(id & ID_DMA))
		return -ERR_NOENT;
	return 0;
}

int fw_cfg_find(hpa_t base, const char *name, struct fw_cfg_file *file)
{
	u32 count;

	if (read_key(base, KEY_DIRECTORY, &count, 4))
		return -ERR_IO;
	count = __builtin_bswap32(count);
	if (count > FILES_MAX)
		return -ERR_IO;
	while (count-- > 0) {
		struct entry e;

		if (transfer(base, DMA_READ, &e, sizeof(e)))
			return -ERR_IO;
		if (strncmp(e.name, name, sizeof(e.name)))
			continue;
		file->size = __builtin_bswap32(e.size);
		file->select = __builtin_bswap16(e.select);
		return 0;
	}
	return -ERR_NOENT;
}

int fw_cfg_read(hpa_t base, const struct fw_cfg_file *file, void *buf, u32 size)
{
	if (size > file->size)
		return -ERR_IO;
	return read_key(base, file->select, buf, size);
}

int fw_cfg_read_next(hpa_t base, void *buf, u32 size)
{
	return transfer(base, DMA_READ, buf, size);
}
