# SPDX-License-Identifier: BSD-2-Clause
# Guesses of where branches will go, against the evaluator.
UNIT_TESTS += test_guess
test_guess_OBJS = qemu-test/unit/test_guess.o $(INSN_OBJS)
test_guess_LIBS = -lcapstone
