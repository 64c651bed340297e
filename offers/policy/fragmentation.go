package policy

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// Fragmentation measures how much of the free GPUs, or other devices of one
// family, is of no use: in the mean over typical tasks, all that an agent has
// free where the task does not fit or wants no device, and otherwise what is
// free of devices with too little room for it.
//
// Source: Weng et al., Beware of Fragmentation, USENIX ATC'23. It is for one
// goroutine at a time. Make one with [NewFragmentation].
type Fragmentation struct {
	family string
	names  []string           // of the resources that typical tasks want
	eaches []resources.Scalar // of a device, that typical tasks want
	shapes []typicalShape

	// For one call, kept so that it need not allocate.
	free    []resources.Scalar // by names
	devices []resources.Scalar
	rooms   []room // by eaches
	denied  []bool // by shape: its constraints do not hold of the agent
}

// room is where tasks that want the same of each device find room.
type room struct {
	devices  int              // with enough
	tooSmall resources.Scalar // what is free of others
}

// NewFragmentation returns the measure for these typical tasks, or an error
// that says which of them cannot be used: all must want devices of one family,
// and at least one any; their weights add up to 1.
func NewFragmentation(typical []Typical) (*Fragmentation, error) {
	f := &Fragmentation{}
	var errs []error
	for i, t := range typical {
		if !(t.Weight > 0) || math.IsInf(t.Weight, 1) {
			errs = append(errs, fmt.Errorf("policy: typical task %d: weight %v is not above 0", i+1, t.Weight))
		}
		match, err := t.Shape.Constraints.Compile()
		if err != nil {
			errs = append(errs, fmt.Errorf("policy: typical task %d: %w", i+1, err))
		}
		family := t.Shape.Devices.Family
		if t.Shape.Devices.Count == 0 {
			family = f.family
		}
		if f.family == "" {
			f.family = family
		}
		if family != f.family {
			errs = append(errs, fmt.Errorf("policy: typical task %d: devices of the family %q: want %q, as the others", i+1, family, f.family))
		}
		f.add(t, match)
	}
	if f.family == "" {
		errs = append(errs, errors.New("policy: no typical task wants devices: want at least one"))
	}
	sum := 0.0
	for _, shape := range f.shapes {
		sum += shape.weight
	}
	if math.Abs(sum-1) > 1e-6 {
		errs = append(errs, fmt.Errorf("policy: the weights of typical tasks add up to %v, want 1", sum))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return f, nil
}

type typicalShape struct {
	weight float64
	want   []resources.Scalar // by names
	count  int
	each   int                           // number in eaches
	match  func(*proffer.AgentInfo) bool // nil: any
}

func (f *Fragmentation) add(t Typical, match func(*proffer.AgentInfo) bool) {
	shape := typicalShape{weight: t.Weight, count: t.Shape.Devices.Count}
	if shape.each = slices.Index(f.eaches, t.Shape.Devices.Each); shape.each < 0 {
		shape.each = len(f.eaches)
		f.eaches = append(f.eaches, t.Shape.Devices.Each)
	}
	if len(t.Shape.Constraints) > 0 {
		shape.match = match
	}
	for name, amount := range t.Shape.Resources.All() {
		i := slices.Index(f.names, name)
		if i < 0 {
			i = len(f.names)
			f.names = append(f.names, name)
		}
		for len(shape.want) <= i {
			shape.want = append(shape.want, 0)
		}
		shape.want[i] = amount
	}
	f.shapes = append(f.shapes, shape)
}

// Of returns how much of the agent's free devices is of no use: 1.5 are one and
// a half devices.
func (f *Fragmentation) Of(agent *offers.AgentState) float64 {
	f.look(agent)
	return f.fragment() / float64(resources.Unit)
}

// look takes up the state of the agent.
func (f *Fragmentation) look(agent *offers.AgentState) {
	f.free, f.denied = f.free[:0], f.denied[:0]
	for _, name := range f.names {
		f.free = append(f.free, agent.Free(name))
	}
	f.devices = append(f.devices[:0], agent.Devices(f.family)...)
	for i := range f.shapes {
		match := f.shapes[i].match
		f.denied = append(f.denied, match != nil && !match(agent.Info))
	}
}

// Why free devices are of no use to a typical task.
const (
	lacksBoth = iota // devices with room, and something else
	lacksDevices
	lacksOther
	wantsNone         // and fits otherwise
	wantsNoneAndLacks // something else
	isDenied
	causes
)

// fragment returns, in thousandths of a device, how much of the free devices
// is of no use, in the mean over typical tasks. It adds up by cause as the
// artifact does: where a task changes next to nothing the last digit decides
// between two whole percents, and the published figures with it.
func (f *Fragmentation) fragment() float64 {
	var left resources.Scalar
	for _, free := range f.devices {
		left += free
	}
	f.rooms = f.rooms[:0]
	for _, each := range f.eaches {
		var r room
		for _, free := range f.devices {
			if free >= each {
				r.devices++
			} else {
				r.tooSmall += free
			}
		}
		f.rooms = append(f.rooms, r)
	}
	var sums [causes]float64
	for i := range f.shapes {
		cause, useless := f.useless(i, left)
		sums[cause] += f.shapes[i].weight * float64(useless)
	}
	sum := 0.0
	for _, x := range sums {
		sum += x
	}
	return sum
}

// useless returns how much of the free devices, left in all, is of no use to
// one task of the shape, and why.
func (f *Fragmentation) useless(i int, left resources.Scalar) (cause int, amount resources.Scalar) {
	shape := &f.shapes[i]
	lacks := false
	for k, amount := range shape.want {
		lacks = lacks || f.free[k] < amount
	}
	switch {
	case shape.count == 0 && lacks:
		return wantsNoneAndLacks, left
	case shape.count == 0:
		return wantsNone, left
	case f.denied[i]:
		return isDenied, left
	}
	switch r := f.rooms[shape.each]; {
	case r.devices < shape.count && lacks:
		return lacksBoth, left
	case r.devices < shape.count:
		return lacksDevices, left
	case lacks:
		return lacksOther, left
	default:
		return lacksDevices, r.tooSmall
	}
}
