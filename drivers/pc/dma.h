/* SPDX-License-Identifier: BSD-2-Clause */
/* The two 8237 DMA controllers and their page registers: registers only. */
#ifndef DRIVERS_PC_DMA_H
#define DRIVERS_PC_DMA_H

#include "mm/bus.h"

struct dma;

struct dma *dma_create(struct bus *bus);
void dma_reset(struct dma *d);

#endif
