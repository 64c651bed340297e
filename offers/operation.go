package offers

import (
	"errors"
	"fmt"
	"time"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/resources"
)

// Operation is what an accepted offer is used for. Operations are carried out
// in order, each on what the ones before have left and made: disk can be
// reserved, a volume created on it and a task launched with the volume by one
// answer.
type Operation interface{ operation() }

type (
	// Launch launches tasks, each on its own.
	Launch struct {
		Tasks []proffer.TaskInfo
	}

	// LaunchGroup launches tasks that live and die together.
	LaunchGroup struct {
		Group proffer.TaskGroup
	}

	// Reserve reserves resources of the offer, unreserved ones or, to a role
	// further below, reserved ones. By must be dynamic, and its role that of
	// the offer or below it.
	Reserve struct {
		Resources resources.Resources // as they are in the offer
		By        resources.Reservation
	}

	// Unreserve takes the innermost reservation, which must be dynamic, off
	// resources of the offer.
	Unreserve struct {
		Resources resources.Resources // as they are in the offer
	}

	// Create makes persistent volumes of reserved disk. Each resource is a
	// disk with its volume, as it is to be.
	Create struct {
		Volumes resources.Resources
	}

	// Destroy ends persistent volumes, which nobody else may use; their data
	// is lost.
	Destroy struct {
		Volumes resources.Resources // as they are in the offer
	}

	// Grow adds disk of the same kind and reservation to a volume.
	Grow struct {
		Volume   resources.Resources // as it is in the offer
		Addition resources.Resources // as it is in the offer
	}

	// Shrink takes disk off a volume.
	Shrink struct {
		Volume resources.Resources // as it is in the offer
		By     resources.Scalar    // MiB, less than it has
	}
)

func (Launch) operation()      {}
func (LaunchGroup) operation() {}
func (Reserve) operation()     {}
func (Unreserve) operation()   {}
func (Create) operation()      {}
func (Destroy) operation()     {}
func (Grow) operation()        {}
func (Shrink) operation()      {}

// Conversion is what an operation makes of resources.
type Conversion struct {
	Consumed, Converted resources.Resources
}

// Convert returns what the operation, answering an offer for the role, makes of
// what, or an error that says why it cannot be carried out. A launch converts
// nothing.
func Convert(op Operation, role string) (Conversion, error) {
	v, err := convert(op, role)
	if err != nil {
		return Conversion{}, fmt.Errorf("%w: %T: %w", ErrOperation, op, err)
	}
	return v, nil
}

func convert(op Operation, role string) (v Conversion, err error) {
	switch op := op.(type) {
	case Reserve:
		if !op.By.Dynamic {
			return v, errors.New("reservation is not dynamic: static ones are of the agent's configuration")
		}
		if !below(op.By.Role, role) {
			return v, fmt.Errorf("role %q of the reservation is neither that of the offer, %q, nor below it", op.By.Role, role)
		}
		v.Consumed = op.Resources
		v.Converted, err = op.Resources.Reserve(op.By)
	case Unreserve:
		v.Consumed = op.Resources
		v.Converted, err = op.Resources.Unreserve()
	case Create:
		v.Converted = op.Volumes
		v.Consumed, err = withoutVolumes(op.Volumes)
	case Destroy:
		v.Consumed = op.Volumes
		v.Converted, err = withoutVolumes(op.Volumes)
	case Grow:
		return resized(op.Volume, op.Addition)
	case Shrink:
		if op.By <= 0 {
			return v, fmt.Errorf("by %s is not above 0", op.By)
		}
		return shrunk(op.Volume, op.By)
	case Launch, LaunchGroup:
		return v, nil
	default:
		return v, errors.New("unknown operation")
	}
	if err == nil && v.Consumed.IsEmpty() {
		err = errors.New("no resources are named")
	}
	return v, err
}

func below(role, other string) bool {
	return role == other || (len(role) > len(other) && role[:len(other)] == other && role[len(other)] == '/')
}

// withoutVolumes returns the disk that volumes are made of.
func withoutVolumes(volumes resources.Resources) (resources.Resources, error) {
	var disks []resources.Resource
	for x := range volumes.All() {
		if x.Disk == nil || x.Disk.Volume == nil {
			return resources.Resources{}, fmt.Errorf("%s is not a volume", x)
		}
		if len(x.Reservations) == 0 {
			return resources.Resources{}, fmt.Errorf("%s is not reserved: volumes are made of reserved disk", x)
		}
		disk := *x.Disk
		disk.Volume = nil
		x.Disk, x.Shared, x.Copies = &disk, false, 0
		if disk == (resources.DiskInfo{}) {
			x.Disk = nil
		}
		disks = append(disks, x)
	}
	return resources.New(disks...)
}

// oneVolume returns the volume that can be resized.
func oneVolume(r resources.Resources) (resources.Resource, error) {
	volumes := r.Volumes()
	switch {
	case r.Len() != 1 || len(volumes) != 1:
		return resources.Resource{}, fmt.Errorf("volume %q is not exactly one volume", r)
	case volumes[0].Disk.Kind == resources.DiskMount:
		return resources.Resource{}, fmt.Errorf("volume %q is a whole mount disk, which has one size", r)
	case volumes[0].Shared:
		return resources.Resource{}, fmt.Errorf("volume %q is shared: only one with a single user can change its size", r)
	}
	return volumes[0], nil
}

func resized(volume, addition resources.Resources) (v Conversion, err error) {
	x, err := oneVolume(volume)
	if err != nil {
		return v, err
	}
	base, err := withoutVolumes(volume)
	if err != nil {
		return v, err
	}
	both, err := base.Add(addition)
	if err != nil {
		return v, err
	}
	if addition.IsEmpty() || both.Len() != 1 {
		return v, fmt.Errorf("addition %q is not disk of the same kind and reservation as the volume %q", addition, volume)
	}
	x.Scalar += addition.Scalar(resources.Disk) // both fit together
	if v.Converted, err = resources.New(x); err != nil {
		return v, err
	}
	v.Consumed, err = volume.Add(addition)
	return v, err
}

func shrunk(volume resources.Resources, by resources.Scalar) (v Conversion, err error) {
	x, err := oneVolume(volume)
	if err != nil {
		return v, err
	}
	if by >= x.Scalar {
		return v, fmt.Errorf("volume %q cannot shrink by %s: nothing would be left", volume, by)
	}
	base, err := withoutVolumes(volume)
	if err != nil {
		return v, err
	}
	freed := base.Capped(func(string) (resources.Scalar, bool) { return by, true })
	x.Scalar -= by
	if v.Converted, err = resources.New(x); err != nil {
		return v, err
	}
	v.Consumed = volume
	v.Converted, err = v.Converted.Add(freed)
	return v, err
}

// apply carries the conversion out on what is left of offers and on the total
// of their agent.
func (v Conversion) apply(left, total resources.Resources) (l, t resources.Resources, err error) {
	l, ok := left.Sub(v.Consumed)
	if !ok {
		return l, t, fmt.Errorf("%w: %w: %s", ErrOperation, ErrInsufficient, left.Shortage(v.Consumed))
	}
	if t, ok = total.Sub(v.Consumed); !ok {
		return l, t, fmt.Errorf("%w: the agent has no %s any more", ErrOperation, v.Consumed)
	}
	for _, x := range v.Converted.Volumes() {
		for _, y := range t.Volumes() {
			if x.Disk.Volume.ID == y.Disk.Volume.ID && x.Reservations[len(x.Reservations)-1].Role == y.Reservations[len(y.Reservations)-1].Role {
				return l, t, fmt.Errorf("%w: role %q has a volume %q on this agent already", ErrOperation,
					y.Reservations[len(y.Reservations)-1].Role, y.Disk.Volume.ID)
			}
		}
	}
	if l, err = l.Add(v.Converted); err == nil {
		t, err = t.Add(v.Converted)
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrOperation, err)
	}
	return l, t, err
}

// unusedByOthers reports a shared volume that is to be destroyed although
// somebody else has it.
func (a *Allocator) unusedByOthers(c *checked, v Conversion) error {
	shared := v.Consumed.Shared()
	if shared.IsEmpty() {
		return nil
	}
	g := c.offers[0].agent
	for i := range g.uses {
		if g.uses[i].held.Shared().Contains(onceEach(shared)) {
			return fmt.Errorf("%w: %s is in use", ErrOperation, shared)
		}
	}
	for o := g.offers; o != nil; o = o.sibling {
		if o.client != c.offers[0].client && o.offer.Resources.Shared().Contains(onceEach(shared)) {
			return fmt.Errorf("%w: %s is offered to framework %s", ErrOperation, shared, o.offer.FrameworkID)
		}
	}
	return nil
}

// convert carries a conversion that was checked out on the agent.
func (a *Allocator) convert(g *agent, v Conversion) {
	_, total, err := v.apply(v.Consumed, g.info.Resources)
	if err != nil {
		panic("offers: conversion was not checked: " + err.Error())
	}
	a.reserve(v.Consumed, -1)
	a.reserve(v.Converted, +1)
	g.info.Resources = total
	if !v.Consumed.Shared().IsEmpty() || !v.Converted.Shared().IsEmpty() {
		a.setAvailable(g, a.withShared(g, g.available.NonShared()))
	}
}

// Convert carries a conversion out on what an agent has available, as an
// operator does: reserving for a role, or creating a volume, without an offer.
// What is offered or used is not touched. On an error nothing has changed.
func (a *Allocator) Convert(now time.Time, id proffer.AgentID, v Conversion) error {
	g, err := a.known(id)
	if err != nil {
		return err
	}
	left, _, err := v.apply(g.available, g.info.Resources)
	if err != nil {
		return fmt.Errorf("convert resources of agent %s: %w", id, err)
	}
	a.touch(now)
	defer a.audit()
	a.setAvailable(g, left)
	a.convert(g, v)
	if g.over { // it may have become what is taken too much of
		a.setAvailable(g, a.remainder(g))
	}
	a.requeue(now, g)
	return nil
}
