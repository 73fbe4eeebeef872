/* SPDX-License-Identifier: BSD-2-Clause */
/* Expected failures are returned as negative numbers from this list; our own bugs panic instead. */
#ifndef KERNEL_LIB_ERR_H
#define KERNEL_LIB_ERR_H

enum err {
	ERR_NOENT = 2,		/* no such file, key or device */
	ERR_IO = 5,		/* the device or firmware reported a failure */
	ERR_NOMEM = 12,
	ERR_INVAL = 22,		/* malformed input */
	ERR_NOSPC = 28,		/* a fixed table or buffer is full */
	ERR_RANGE = 34,		/* a number out of its documented range */
};

#endif
