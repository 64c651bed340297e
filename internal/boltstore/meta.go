package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"

	"github.com/proffer-go/proffer/internal/store"
)

// bbolt's file format, version 2. All numbers are in the order of the machine.
//
//	page   id u64, flags u16, count u16, overflow u32, then its content
//	meta   magic u32, version u32, page size u32, flags u32, root u64,
//	       sequence u64, free list u64, pages u64, transaction u64, checksum u64
const (
	metaMagic   = 0xED0CDAED
	metaVersion = 2
	metaSize    = 64 // with the checksum, which covers what is before it

	pageHeader   = 16
	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagFreelist = 0x10

	minPageSize = 512
	maxPageSize = 1 << 24
)

// meta is what a meta page says.
type meta struct {
	pageSize    uint64
	root        uint64
	freelist    uint64
	pages       uint64 // the file has at least so many
	transaction uint64
}

// readMeta returns the newer of the two meta pages. Both must be sound: bbolt
// goes back to the older one otherwise, which forgets the last transaction. A
// crash tears neither, as what is written of them is within one sector.
func readMeta(r io.ReaderAt, size int64) (*meta, error) {
	first, err := readOneMeta(r, 0, size)
	if err != nil {
		return nil, err
	}
	second, err := readOneMeta(r, int64(first.pageSize), size)
	if err != nil {
		return nil, err
	}
	if first.transaction < second.transaction {
		first, second = second, first
	}
	if first.transaction != second.transaction+1 || first.pageSize != second.pageSize || first.pages < second.pages {
		return nil, damage("its meta pages do not fit together")
	}
	if uint64(size)/first.pageSize < first.pages {
		return nil, damage("it has %d bytes and should have at least %d pages of %d", size, first.pages, first.pageSize)
	}
	return first, nil
}

func readOneMeta(r io.ReaderAt, at, size int64) (*meta, error) {
	b := make([]byte, pageHeader+metaSize)
	if at+int64(len(b)) > size {
		return nil, damage("it has %d bytes, too few for its meta pages", size)
	}
	if err := readAt(r, b, at); err != nil {
		return nil, err
	}
	b = b[pageHeader:]
	n, sum := binary.NativeEndian, fnv.New64a()
	_, _ = sum.Write(b[:metaSize-8]) // a hash takes everything
	switch {
	case n.Uint32(b) != metaMagic:
		return nil, damage("a meta page is missing")
	case n.Uint64(b[metaSize-8:]) != sum.Sum64():
		return nil, damage("the checksum of a meta page is wrong")
	case n.Uint32(b[4:]) > metaVersion:
		return nil, fmt.Errorf("%w: bbolt file format %d, this program knows %d", store.ErrNewer, n.Uint32(b[4:]), metaVersion)
	}
	m := &meta{
		pageSize: uint64(n.Uint32(b[8:])), root: n.Uint64(b[16:]), freelist: n.Uint64(b[32:]),
		pages: n.Uint64(b[40:]), transaction: n.Uint64(b[48:]),
	}
	if m.pageSize < minPageSize || m.pageSize > maxPageSize || m.pages < 4 {
		return nil, damage("a meta page speaks of %d pages of %d bytes", m.pages, m.pageSize)
	}
	return m, nil
}

// readAt fills b. What is cut off is damage; other errors are the system's.
func readAt(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	switch {
	case n == len(b):
		return nil
	case errors.Is(err, io.EOF):
		return damage("it ends at byte %d", at+int64(n))
	default:
		return err
	}
}

// damage says what is wrong with a file.
func damage(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{store.ErrCorrupt}, args...)...)
}
