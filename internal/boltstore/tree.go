package boltstore

import (
	"bytes"
	"encoding/binary"
	"io"
)

// The elements of a page and the value of a bucket in the tree of buckets:
//
//	branch  position u32, key size u32, page u64
//	leaf    flags u32, position u32, key size u32, value size u32
//	bucket  root u64, sequence u64, then a page if root is 0
//
// Positions count from the element's own beginning.
const (
	elementSize  = 16
	bucketHeader = 16
	flagBucket   = 0x01 // of a leaf element: its value is a bucket
)

// reader reads a bbolt file as it was committed last.
type reader struct {
	file io.ReaderAt
	meta *meta
	seen map[uint64]bool // the pages in use; each has one
}

// element is one of a page: of a branch with child, of a leaf with value.
type element struct {
	key, value []byte
	child      uint64
	bucket     bool
}

// span bounds the keys below a branch: from low on, and before high. Nil
// bounds nothing.
type span struct{ low, high []byte }

func (s span) contains(key []byte) bool {
	return bytes.Compare(key, s.low) >= 0 && (s.high == nil || bytes.Compare(key, s.high) < 0)
}

// page returns the content of a page with its overflow pages, and marks them
// as used.
func (r *reader) page(id uint64) ([]byte, error) {
	if id < 2 || id >= r.meta.pages {
		return nil, damage("page %d is spoken of, there are %d", id, r.meta.pages)
	}
	header := make([]byte, pageHeader)
	at := int64(id * r.meta.pageSize)
	if err := readAt(r.file, header, at); err != nil {
		return nil, err
	}
	if got := binary.NativeEndian.Uint64(header); got != id {
		return nil, damage("page %d says that it is page %d", id, got)
	}
	overflow := uint64(binary.NativeEndian.Uint32(header[12:]))
	if id+overflow >= r.meta.pages {
		return nil, damage("page %d goes on for %d pages, there are %d", id, overflow, r.meta.pages)
	}
	for i := id; i <= id+overflow; i++ {
		if r.seen[i] {
			return nil, damage("page %d is used twice", i)
		}
		r.seen[i] = true
	}
	b := make([]byte, (overflow+1)*r.meta.pageSize)
	return b, readAt(r.file, b, at)
}

// walk calls visit with the elements of the leaves below a page, in order.
func (r *reader) walk(id uint64, within span, visit func(element) error) error {
	b, err := r.page(id)
	if err != nil {
		return err
	}
	return r.walkPage(b, id, within, visit)
}

func (r *reader) walkPage(b []byte, id uint64, within span, visit func(element) error) error {
	leaf := binary.NativeEndian.Uint16(b[8:]) == flagLeaf
	elements, err := elementsOf(b, id, leaf)
	if err != nil {
		return err
	}
	if within.low != nil && (len(elements) == 0 || !bytes.Equal(elements[0].key, within.low)) {
		// bbolt looks a page up by its first key when it writes.
		return damage("page %d does not begin with the key that leads to it", id)
	}
	for i, e := range elements {
		if !within.contains(e.key) || (i > 0 && bytes.Compare(elements[i-1].key, e.key) >= 0) {
			return damage("a key of page %d is out of order", id)
		}
		if leaf {
			err = visit(e)
		} else {
			below := span{e.key, within.high}
			if i+1 < len(elements) {
				below.high = elements[i+1].key
			}
			err = r.walk(e.child, below, visit)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// elementsOf takes a page apart.
func elementsOf(b []byte, id uint64, leaf bool) ([]element, error) {
	n := binary.NativeEndian
	if flags := n.Uint16(b[8:]); !leaf && flags != flagBranch {
		return nil, damage("page %d has flags %#x and should be of the tree", id, flags)
	}
	count := int(n.Uint16(b[10:]))
	if pageHeader+count*elementSize > len(b) || (count == 0 && !leaf) {
		return nil, damage("page %d has %d elements", id, count)
	}
	list := make([]element, count)
	for i := range list {
		at := pageHeader + i*elementSize
		e := b[at : at+elementSize]
		var position, keySize, valueSize uint64
		if leaf {
			if flags := n.Uint32(e); flags > flagBucket {
				return nil, damage("element %d of page %d has flags %#x", i, id, flags)
			}
			list[i].bucket = n.Uint32(e) == flagBucket
			position, keySize, valueSize = uint64(n.Uint32(e[4:])), uint64(n.Uint32(e[8:])), uint64(n.Uint32(e[12:]))
		} else {
			position, keySize = uint64(n.Uint32(e)), uint64(n.Uint32(e[4:]))
			list[i].child = n.Uint64(e[8:])
		}
		key, value := uint64(at)+position, uint64(at)+position+keySize
		if keySize == 0 || key < uint64(pageHeader+count*elementSize) || value+valueSize > uint64(len(b)) {
			return nil, damage("element %d of page %d is not within it", i, id)
		}
		list[i].key, list[i].value = b[key:value:value], b[value:value+valueSize:value+valueSize]
	}
	return list, nil
}

// walkBucket calls visit with the records of a bucket, which have no buckets
// among them. Value is the bucket's in the tree of buckets.
func (r *reader) walkBucket(value []byte, visit func(key, value []byte)) error {
	record := func(e element) error {
		if e.bucket {
			return damage("there is a bucket %.64q among the records", e.key)
		}
		visit(e.key, e.value)
		return nil
	}
	if len(value) < bucketHeader {
		return damage("a bucket has %d bytes", len(value))
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return r.walk(root, span{}, record)
	}
	if inline := value[bucketHeader:]; len(inline) >= pageHeader {
		return r.walkPage(inline, 0, span{}, record)
	}
	return damage("a bucket has %d bytes", len(value))
}
