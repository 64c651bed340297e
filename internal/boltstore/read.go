package boltstore

import (
	"encoding/binary"
	"os"
)

// The buckets of a file.
const (
	recordBucket = "records"
	sealBucket   = "seal"
	sealKey      = "seal"
)

// read verifies a file and calls visit with every record, before it is known
// whether the whole is sound. The slices are visit's to keep.
func read(file *os.File, visit func(key, value []byte)) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	m, err := readMeta(file, info.Size())
	if err != nil {
		return err
	}
	r := &reader{file: file, meta: m, seen: make(map[uint64]bool)}
	buckets := make(map[string][]byte)
	err = r.walk(m.root, span{}, func(e element) error {
		if !e.bucket {
			return damage("there is a record %.64q among the buckets", e.key)
		}
		buckets[string(e.key)] = e.value
		return nil
	})
	if err != nil {
		return err
	}
	if len(buckets) != 2 || buckets[recordBucket] == nil || buckets[sealBucket] == nil {
		return damage("it has %d buckets that are not those of a store", len(buckets))
	}
	var found seal
	err = r.walkBucket(buckets[recordBucket], func(key, value []byte) {
		found.add(key, value)
		visit(key, value)
	})
	if err != nil {
		return err
	}
	written, err := r.seal(buckets[sealBucket])
	if err != nil {
		return err
	}
	if found.count != written.count {
		return damage("it has %d records, its seal says %d", found.count, written.count)
	}
	if found != written {
		return damage("its records are not those that were written: their seal is broken")
	}
	return r.checkFreelist()
}

func (r *reader) seal(bucket []byte) (seal, error) {
	var written []byte
	keys := 0
	err := r.walkBucket(bucket, func(key, value []byte) {
		if keys++; string(key) == sealKey {
			written = value
		}
	})
	if err != nil {
		return seal{}, err
	}
	if keys != 1 {
		return seal{}, damage("it has %d seals", keys)
	}
	return decodeSeal(written)
}

// checkFreelist sees to it that every page is either used, once, or free:
// bbolt writes over those that are free.
func (r *reader) checkFreelist() error {
	b, err := r.page(r.meta.freelist)
	if err != nil {
		return err
	}
	n := binary.NativeEndian
	if flags := n.Uint16(b[8:]); flags != flagFreelist {
		return damage("page %d has flags %#x and should be the free list", r.meta.freelist, flags)
	}
	count, ids := uint64(n.Uint16(b[10:])), b[pageHeader:]
	if count == 0xFFFF { // the number does not fit in there
		count, ids = n.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids)/8) {
		return damage("the free list has %d entries and room for %d", count, len(ids)/8)
	}
	for i := range count {
		id := n.Uint64(ids[i*8:])
		if id < 2 || id >= r.meta.pages || r.seen[id] {
			return damage("page %d is on the free list and should not be", id)
		}
		r.seen[id] = true
	}
	if used := uint64(len(r.seen)) + 2; used != r.meta.pages {
		return damage("%d pages are neither used nor free", r.meta.pages-used)
	}
	return nil
}
