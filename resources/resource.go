package resources

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Names of resources that mean something to Proffer. Others mean what the
// frameworks make of them.
const (
	CPUs  = "cpus"
	GPUs  = "gpus" // whole numbers only
	Mem   = "mem"  // in MiB
	Disk  = "disk" // in MiB
	Ports = "ports"
)

// MaxNameLength is the greatest length in bytes of the name of a resource or
// an attribute.
const MaxNameLength = 128

// Kind is the sort of value that a resource has. All resources of one name in
// a [Resources] are of one kind.
type Kind uint8

// The kinds.
const (
	KindScalar Kind = iota // an amount
	KindRanges             // whole numbers, each for one user at a time
	KindSet                // named items, each for one user at a time
)

// String returns "scalar", "ranges" or "set".
func (k Kind) String() string {
	switch k {
	case KindScalar:
		return "scalar"
	case KindRanges:
		return "ranges"
	case KindSet:
		return "set"
	default:
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
}

// Resource is one resource in plain form: what [New] takes and
// [Resources.All] yields. Of Scalar, Ranges and Set only the one that Kind
// names is set. It is a copy; changing it changes no [Resources].
type Resource struct {
	Name   string
	Kind   Kind
	Scalar Scalar
	Ranges Ranges
	Set    []string

	Reservations []Reservation // outermost first; empty: unreserved
	Disk         *DiskInfo     // nil: not disk, or plain root disk

	Revocable bool // may be taken back at any time
	Shared    bool // may be used by several tasks at once; persistent volumes only
	Copies    int  // how many uses of a shared resource this stands for; 0 and 1 are one
}

// String returns the text form, such as "cpus(eng):4".
func (r Resource) String() string {
	b := append([]byte(nil), r.Name...)
	b = r.Disk.append(appendReservations(b, r.Reservations))
	b = append(b, ':')
	switch r.Kind {
	case KindRanges:
		b = r.Ranges.append(b)
	case KindSet:
		b = appendSet(b, r.Set)
	default:
		b = r.Scalar.append(b)
	}
	return string(appendFlags(b, r.Revocable, r.Shared, r.Copies))
}

func appendFlags(b []byte, revocable, shared bool, copies int) []byte {
	if revocable {
		b = append(b, "{REV}"...)
	}
	if shared {
		b = append(b, "<SHARED>"...)
	}
	if copies > 1 {
		b = strconv.AppendInt(append(b, '*'), int64(copies), 10)
	}
	return b
}

// clone returns a copy that shares nothing with r that can be changed.
func (r Resource) clone() Resource {
	r.Ranges = slices.Clone(r.Ranges)
	r.Set = slices.Clone(r.Set)
	r.Reservations = cloneReservations(r.Reservations)
	r.Disk = r.Disk.clone()
	return r
}

func validateName(name string) error {
	if name == "" {
		return errors.New("name is empty")
	}
	if len(name) > MaxNameLength {
		return fmt.Errorf("name %q has %d bytes: at most %d", excerpt(name), len(name), MaxNameLength)
	}
	for i := range len(name) {
		if !isBare(name[i]) {
			return fmt.Errorf("name %q has the character %q: want letters, digits and _ / . -", excerpt(name), rune(name[i]))
		}
	}
	return nil
}

// validateText keeps texts to what JSON can carry unchanged.
func validateText(what, s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%s %q is not valid UTF-8", what, excerpt(s))
	}
	return nil
}

// validateTraits checks everything but the name and the value.
func (r *Resource) validateTraits() error {
	if err := validateReservations(r.Reservations); err != nil {
		return err
	}
	if r.Disk != nil {
		if r.Name != Disk {
			return fmt.Errorf("it has a kind of disk: only the resource %q has one", Disk)
		}
		if err := r.Disk.validate(); err != nil {
			return err
		}
	}
	volume := r.Disk != nil && r.Disk.Volume != nil
	dynamic := len(r.Reservations) > 0 && r.Reservations[len(r.Reservations)-1].Dynamic
	switch {
	case r.Revocable && volume:
		return errors.New("it is a volume and revocable: what may be taken back cannot persist")
	case r.Revocable && dynamic:
		return errors.New("it is reserved at run time and revocable: what may be taken back cannot be reserved")
	case r.Shared && !volume:
		return errors.New("it is shared and no volume: only persistent volumes can be shared")
	case r.Copies < 0:
		return fmt.Errorf("it has %d copies: want at least one", r.Copies)
	case r.Copies > 1 && !r.Shared:
		return fmt.Errorf("it has %d copies and is not shared", r.Copies)
	}
	return nil
}
