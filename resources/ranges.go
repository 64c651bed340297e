package resources

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
)

// Range is the values from Begin to End, both included.
type Range struct {
	Begin, End uint64
}

// Ranges is a set of whole numbers, such as ports. What this package returns
// is canonical: sorted, disjoint and with adjacent ranges joined. Input need
// not be, but a range that ends before it begins is an error where a
// [Resources] is made, and has no values elsewhere.
type Ranges []Range

// maxCount is how many values a ranges resource may have, so that their number
// is a [Scalar] too.
const maxCount = uint64(MaxScalar / Unit)

// Count returns how many values there are. It is exact for canonical ranges of
// fewer than 2^64 values.
func (r Ranges) Count() uint64 {
	var n uint64
	for _, x := range r {
		if x.Begin <= x.End {
			n += x.End - x.Begin + 1
		}
	}
	return n
}

// Contains reports whether v is one of the values.
func (r Ranges) Contains(v uint64) bool {
	for _, x := range r {
		if x.Begin <= v && v <= x.End {
			return true
		}
	}
	return false
}

// Values yields every value, of canonical ranges in ascending order.
func (r Ranges) Values() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for _, x := range r {
			for v := x.Begin; v <= x.End; v++ {
				if !yield(v) {
					return
				}
				if v == x.End {
					break // v++ would overflow where it is the greatest
				}
			}
		}
	}
}

// Take returns the first n values; ok is false when there are fewer.
func (r Ranges) Take(n uint64) (taken Ranges, ok bool) {
	for _, x := range r {
		switch {
		case n == 0:
			return taken, true
		case x.Begin > x.End:
		case x.End-x.Begin >= n-1:
			return append(taken, Range{x.Begin, x.Begin + n - 1}), true
		default:
			taken = append(taken, x)
			n -= x.End - x.Begin + 1
		}
	}
	return taken, n == 0
}

// String returns the text form, such as "[80-80,31000-32000]".
func (r Ranges) String() string { return string(r.append(nil)) }

func (r Ranges) append(b []byte) []byte {
	b = append(b, '[')
	for i, x := range r {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, x.Begin, 10)
		b = append(b, '-')
		b = strconv.AppendUint(b, x.End, 10)
	}
	return append(b, ']')
}

// canonical sorts and joins r in place and counts its values.
func (r Ranges) canonical() (Ranges, Scalar, error) {
	for _, x := range r {
		if x.Begin > x.End {
			return nil, 0, fmt.Errorf("range %d-%d ends before it begins", x.Begin, x.End)
		}
	}
	slices.SortFunc(r, func(a, b Range) int { return cmp.Compare(a.Begin, b.Begin) })
	joined := r[:0]
	for _, x := range r {
		if last := len(joined) - 1; last >= 0 && (x.Begin <= joined[last].End || x.Begin-1 == joined[last].End) {
			joined[last].End = max(joined[last].End, x.End)
		} else {
			joined = append(joined, x)
		}
	}
	var count uint64
	for _, x := range joined {
		size := x.End - x.Begin // one less, so that it cannot overflow
		if size >= maxCount-count {
			return nil, 0, fmt.Errorf("range %d-%d has too many values: at most %d in all", x.Begin, x.End, maxCount)
		}
		count += size + 1
	}
	return joined, Scalar(count) * Unit, nil
}

// common returns the values that are in two canonical ranges.
func (r Ranges) common(o Ranges) Ranges {
	var both Ranges
	for len(r) > 0 && len(o) > 0 {
		x := Range{max(r[0].Begin, o[0].Begin), min(r[0].End, o[0].End)}
		if x.Begin <= x.End {
			both = append(both, x)
		}
		if r[0].End < o[0].End {
			r = r[1:]
		} else {
			o = o[1:]
		}
	}
	return both
}

// union appends the values of two canonical ranges to all, which is empty; ok
// is false where the two have values in common.
func (r Ranges) union(all, o Ranges) (_ Ranges, ok bool) {
	for len(r) > 0 || len(o) > 0 {
		var next Range
		if len(o) == 0 || (len(r) > 0 && r[0].Begin < o[0].Begin) {
			next, r = r[0], r[1:]
		} else {
			next, o = o[0], o[1:]
		}
		last := len(all) - 1
		switch {
		case last >= 0 && next.Begin <= all[last].End:
			return nil, false
		case last >= 0 && next.Begin-1 == all[last].End:
			all[last].End = next.End
		default:
			all = append(all, next)
		}
	}
	return all, true
}

// contains reports whether canonical r has every value of canonical o.
func (r Ranges) contains(o Ranges) bool {
	for _, x := range o {
		for len(r) > 0 && r[0].End < x.Begin {
			r = r[1:]
		}
		if len(r) == 0 || x.Begin < r[0].Begin || r[0].End < x.End {
			return false
		}
	}
	return true
}

// minus appends to rest, which is empty, the values of canonical r that are not
// in canonical o, and counts them.
func (r Ranges) minus(rest, o Ranges) (Ranges, Scalar) {
	for _, x := range r {
		for len(o) > 0 && o[0].End < x.Begin {
			o = o[1:]
		}
		begin, used := x.Begin, false
		for _, y := range o {
			if y.Begin > x.End {
				break
			}
			if y.Begin > begin {
				rest = append(rest, Range{begin, y.Begin - 1})
			}
			if y.End >= x.End {
				used = true
				break
			}
			begin = y.End + 1
		}
		if !used {
			rest = append(rest, Range{begin, x.End})
		}
	}
	return rest, Scalar(rest.Count()) * Unit
}
