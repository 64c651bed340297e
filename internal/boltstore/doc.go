// Package boltstore is the store of records (internal/store) in a bbolt file.
//
// One Write is one bbolt transaction, so callers with many small changes gather
// them first (internal/writeahead). A file is used by one Store at a time: the
// file beside it that ends in ".lock" is locked while that lives, and by the
// kernel's word no longer.
//
// # What is verified
//
// bbolt checks its two meta pages and trusts all others: a damaged page reads
// as fewer records, as others, as a panic or as a fault of the mapped memory,
// and a damaged free list has later writes go over live pages. So nothing is
// given to bbolt that was not read by this package first, by plain reads: the
// meta pages, the whole tree with the order of its keys, and the free list,
// which must fit together; and the seal, a count of the records and a sum of
// their hashes, which every transaction brings up to date. What does not fit
// is [store.ErrCorrupt], with the file and what to do.
//
// There are no goroutines here.
package boltstore
