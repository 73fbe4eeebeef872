/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-rng (virtio 1.2, 5.4): chains of memory to be filled. A chain gets at most MOST bytes,
 * which the standard leaves to the device, so that no guest keeps the run loop.
 */
#include "drivers/pc/virtio_rng.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/pc/virtio.h"
#include "kernel/panic.h"

enum { MOST = 256 };

struct virtio_rng {
	struct virtio v;
	struct entropy e;
	struct virtio_chain chain;
};

static void kick(struct virtio *v, unsigned n)
{
	struct virtio_rng *r = (struct virtio_rng *)v;		/* its first member */
	struct virtio_chain *c = &r->chain;
	u8 buf[MOST];

	while (virtio_take(v, n, c)) {
		u64 size = c->in_bytes < MOST ? c->in_bytes : MOST;

		r->e.fill(r->e.opaque, buf, (u32)size);
		virtio_give(v, n, c->head, (u32)virtio_put(c, 0, buf, size));
	}
	memset(buf, 0, sizeof(buf));
}

void virtio_rng_reset(struct virtio_rng *r) { virtio_reset(&r->v); }

struct virtio_rng *virtio_rng_create(struct pci *pci, unsigned devfn, const struct irq_line *intx,
				     const struct entropy *e)
{
	static const struct virtio_kind kind = {
		.name = "virtio-rng", .id = 0x1044, .class_code = 0x00ff00, .kick = kick,
	};
	struct virtio_rng *r = calloc(1, sizeof(*r));

	must(r);
	r->e = *e;
	virtio_create(&r->v, pci, devfn, intx, &kind, 1, 0);
	return r;
}
