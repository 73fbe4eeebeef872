# SPDX-License-Identifier: BSD-2-Clause
"""A disk with a write cache, for the host's QEMU (NBD over a Unix socket), that can lose power.

Every write and flush is logged in the order it was carried out, so that the disk as it would be
after a power cut at any moment can be made afterwards (Log.cut). Requests that are there together
are carried out in a random order, as a disk may, but flushes first: they cover least so.
Not a general server: one client, simple replies only (the protocol: NetworkBlockDevice/nbd).
Invariant: a flush covers the writes whose replies were sent before it was taken, and no others.
"""
import random
import socket
import struct
import time

BLOCK = 4096            # what a disk writes whole or not at all
MAGIC, OPTION, REPLY = 0x4e42444d41474943, 0x49484156454f5054, 0x3e889045565a9
OPT_EXPORT_NAME, OPT_ABORT, OPT_GO = 1, 2, 7
REP_ACK, REP_INFO, REP_UNSUPPORTED = 1, 3, 0x80000001
HAS_FLAGS, SEND_FLUSH, SEND_FUA, SEND_TRIM, SEND_ZEROES = 1, 4, 8, 32, 64
READ, WRITE, DISCONNECT, FLUSH, TRIM, ZEROES = 0, 1, 2, 3, 4, 6
FUA, EIO, ENOSPC = 1, 5, 28
HEAD = struct.Struct(">IHHQQI")


class Log:
    """What happened to a disk: entries (kind, offset, data), in order."""

    def __init__(self, base):
        self.base, self.entries = bytes(base), []

    def cut(self, at, chance):
        """The disk after a power cut behind entry `at`: what was not flushed is there or not.

        Without `chance` none of it is.
        """
        image = bytearray(self.base)
        flushed = max((n for n in range(at) if self.entries[n][0] == FLUSH), default=-1)
        for n, (kind, offset, data) in enumerate(self.entries[:at]):
            if kind == FLUSH:
                continue
            whole = [(0, len(data))]
            left = whole if n < flushed else survivors(offset, len(data), chance) if chance else []
            for start, size in left:
                image[offset + start:offset + start + size] = data[start:start + size]
        return image


def survivors(offset, size, chance):
    """Which bytes of a write that was in the cache reached the medium: all, none, some blocks.

    Within a block it is not torn: ext4 writes its superblock, two sectors with one checksum, in
    place, and counts on that, as on a disk whose physical sectors have 4 KiB.
    """
    how = chance.randrange(4)
    if how == 0:
        return [(0, size)]
    if how == 1:
        return []
    edges = [0, *range(-offset % BLOCK or BLOCK, size, BLOCK), size]
    return [(at, end - at) for at, end in zip(edges, edges[1:]) if chance.random() < 0.5]


class Disk:
    """One export, served when its socket is readable."""

    def __init__(self, path, image, seed):
        self.image, self.log = bytearray(image), Log(image)
        self.chance = random.Random(seed)
        # What may be wrong with it: each is asked with (kind, offset, size) of a request.
        self.fail = lambda *_: 0        # the error that it ends with
        self.delay = lambda *_: 0       # seconds until it is carried out
        self.asked = []                 # (when, kind, offset, size) of all
        self.waiting, self.there = [], True
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.socket, self.input, self.ready = None, b"", False

    def fileno(self):
        return (self.socket or self.listener).fileno()

    def serve(self):
        """Take what is there. Returns False once the client has gone."""
        if not self.socket:
            self.socket, _ = self.listener.accept()
            self.send(struct.pack(">QQH", MAGIC, OPTION, 1 | 2))    # fixed newstyle, no zeroes
            return True
        data = self.socket.recv(1 << 20)
        if not data:
            return False
        self.input += data
        if not self.ready:
            self.negotiate()
        if self.ready:
            self.requests()
        return True

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:         # it was killed; recv tells
            pass

    def take(self, size):
        data, self.input = self.input[:size], self.input[size:]
        return data

    def negotiate(self):
        if not hasattr(self, "flags"):
            if len(self.input) < 4:
                return
            self.flags = self.take(4)
        while not self.ready and len(self.input) >= 16:
            _, option, size = struct.unpack(">QII", self.input[:16])
            if len(self.input) < 16 + size:
                return
            self.take(16 + size)
            self.answer(option)

    def answer(self, option):
        about = struct.pack(">QH", len(self.image),
                            HAS_FLAGS | SEND_FLUSH | SEND_FUA | SEND_TRIM | SEND_ZEROES)
        if option == OPT_EXPORT_NAME:
            self.send(about)
        elif option == OPT_GO:
            self.reply(option, REP_INFO, b"\0\0" + about)
            self.reply(option, REP_ACK)
        else:
            self.reply(option, REP_ACK if option == OPT_ABORT else REP_UNSUPPORTED)
        self.ready = option in (OPT_EXPORT_NAME, OPT_GO)

    def reply(self, option, kind, data=b""):
        self.send(struct.pack(">QIII", REPLY, option, kind, len(data)) + data)

    def requests(self):
        batch = []
        while len(self.input) >= HEAD.size:
            _, flags, kind, handle, offset, size = HEAD.unpack(self.input[:HEAD.size])
            more = size if kind == WRITE else 0
            if len(self.input) < HEAD.size + more:
                break
            data = self.take(HEAD.size + more)[HEAD.size:]
            batch.append((flags, kind, handle, offset, size, data))
        self.chance.shuffle(batch)
        batch.sort(key=lambda request: request[1] != FLUSH)
        for flags, kind, *rest in batch:
            self.asked.append((time.monotonic(), kind, *rest[1:3]))
            if seconds := self.delay(kind, *rest[1:3]):
                self.waiting.append((time.monotonic() + seconds, (flags, kind, *rest)))
            else:
                self.carry_out(flags, kind, *rest)

    def release(self):
        """Those that wait wait no longer."""
        self.waiting = [(0, request) for _, request in self.waiting]

    def late(self):
        """Those whose time has come; from the client's loop."""
        now = time.monotonic()
        due = [request for when, request in self.waiting if when <= now]
        self.waiting = [w for w in self.waiting if w[0] > now]
        for request in due:
            self.carry_out(*request)

    def carry_out(self, flags, kind, handle, offset, size, data):
        answer = b""
        if kind == DISCONNECT or not self.there:
            return
        error = self.fail(kind, offset, size)
        if error:
            pass
        elif kind == READ:
            answer = bytes(self.image[offset:offset + size])
        elif kind == FLUSH:
            self.log.entries.append((FLUSH, 0, b""))
        elif kind in (TRIM, ZEROES):
            self.write(offset, bytes(size), flags)
        elif kind == WRITE:
            self.write(offset, data, flags)
        self.send(struct.pack(">IIQ", 0x67446698, error, handle) + answer)

    def write(self, offset, data, flags):
        self.image[offset:offset + len(data)] = data
        self.log.entries.append((WRITE, offset, data))
        if flags & FUA:         # QEMU asks for it only where the cache is off: all may as well go
            self.log.entries.append((FLUSH, 0, b""))

    def leave(self):
        """It is pulled out."""
        self.close()
        self.there = False

    def close(self):
        for s in (self.socket, self.listener):
            if s:
                s.close()


def label(image, at, text):
    """Put a label there, as the guests look for it."""
    image[at:at + len(text)] = text.encode()
    return image

