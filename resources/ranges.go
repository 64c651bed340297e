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
// not be.
type Ranges []Range

// maxCount is how many values a ranges resource may have, so that their number
// is a [Scalar] too.
const maxCount = uint64(MaxScalar / Unit)

// Count returns how many values there are. It is exact for canonical ranges of
// fewer than 2^64 values.
func (r Ranges) Count() uint64 {
	var n uint64
	for _, x := range r {
		n += x.End - x.Begin + 1
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
			for v := x.Begin; ; v++ {
				if !yield(v) {
					return
				}
				if v == x.End {
					break
				}
			}
		}
	}
}

// Take returns the first n values; ok is false when there are fewer.
func (r Ranges) Take(n uint64) (taken Ranges, ok bool) {
	for _, x := range r {
		if n == 0 {
			break
		}
		if x.End-x.Begin >= n-1 {
			return append(taken, Range{x.Begin, x.Begin + n - 1}), true
		}
		taken = append(taken, x)
		n -= x.End - x.Begin + 1
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
		if last := len(joined) - 1; last >= 0 && touches(joined[last], x) {
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

// touches reports whether b, which begins no earlier than a, overlaps a or
// follows it without a gap.
func touches(a, b Range) bool { return b.Begin <= a.End || b.Begin-1 == a.End }

// overlap returns the first values that two canonical ranges share.
func (r Ranges) overlap(o Ranges) (Range, bool) {
	for len(r) > 0 && len(o) > 0 {
		common := Range{max(r[0].Begin, o[0].Begin), min(r[0].End, o[0].End)}
		if common.Begin <= common.End {
			return common, true
		}
		if r[0].End < o[0].End {
			r = r[1:]
		} else {
			o = o[1:]
		}
	}
	return Range{}, false
}

// union joins two canonical and disjoint ranges.
func (r Ranges) union(o Ranges) Ranges {
	joined := make(Ranges, 0, len(r)+len(o))
	for len(r) > 0 || len(o) > 0 {
		var next Range
		if len(o) == 0 || (len(r) > 0 && r[0].Begin < o[0].Begin) {
			next, r = r[0], r[1:]
		} else {
			next, o = o[0], o[1:]
		}
		if last := len(joined) - 1; last >= 0 && touches(joined[last], next) {
			joined[last].End = next.End
		} else {
			joined = append(joined, next)
		}
	}
	return joined
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

// minus returns the values of canonical r that are not in canonical o, and
// their number.
func (r Ranges) minus(o Ranges) (rest Ranges, amount Scalar) {
	rest = make(Ranges, 0, len(r)+len(o))
	keep := func(begin, end uint64) {
		rest = append(rest, Range{begin, end})
		amount += Scalar(end-begin+1) * Unit
	}
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
				keep(begin, y.Begin-1)
			}
			if y.End >= x.End {
				used = true
				break
			}
			begin = y.End + 1
		}
		if !used {
			keep(begin, x.End)
		}
	}
	return rest, amount
}
