# SPDX-License-Identifier: BSD-2-Clause
parts_build() { :; }
