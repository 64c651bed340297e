package wire

import (
	"errors"
	"fmt"

	"github.com/proffer-go/proffer/resources"
)

// EncodeResources returns the messages of r.
func EncodeResources(r resources.Resources) []*Resource {
	if r.IsEmpty() {
		return nil
	}
	list, all := make([]Resource, r.Len()), make([]*Resource, 0, r.Len())
	for x := range r.All() {
		m := &list[len(all)]
		m.Name, m.Kind, m.Scalar = x.Name, Kind(x.Kind), int64(x.Scalar)
		m.Ranges, m.Set = encodeRanges(x.Ranges), x.Set
		if hasTraits(&x) {
			m.Traits = encodeTraits(&x)
		}
		all = append(all, m)
	}
	return all
}

// DecodeResources is the inverse of EncodeResources.
func DecodeResources(all []*Resource) (resources.Resources, error) {
	if len(all) == 0 {
		return resources.Resources{}, nil
	}
	var few [4]resources.Resource
	list := few[:0]
	for _, m := range all {
		var d decoder
		x := resources.Resource{
			Name: m.GetName(), Kind: enum(&d, "kind", m.GetKind(), resources.KindSet),
			Scalar: resources.Scalar(m.GetScalar()), Ranges: d.ranges("ranges", m.GetRanges()), Set: m.GetSet(),
		}
		if m.GetTraits() != nil {
			d.traits(m.GetTraits(), &x)
		}
		if d.err != nil {
			return resources.Resources{}, fmt.Errorf("resource %q: %w", excerpt(m.GetName()), d.err)
		}
		list = append(list, x)
	}
	return resources.New(list...)
}

func (d *decoder) resources(field string, all []*Resource) resources.Resources {
	r, err := DecodeResources(all)
	d.within(field, err)
	return r
}

func encodeRanges(ranges resources.Ranges) []uint64 {
	if len(ranges) == 0 {
		return nil
	}
	ends := make([]uint64, 0, 2*len(ranges))
	for _, x := range ranges {
		ends = append(ends, x.Begin, x.End)
	}
	return ends
}

func (d *decoder) ranges(field string, ends []uint64) resources.Ranges {
	if len(ends) == 0 {
		return nil
	}
	if len(ends)%2 != 0 {
		d.fail(field, errors.New("the last range has a beginning and no end"))
		return nil
	}
	ranges := make(resources.Ranges, 0, len(ends)/2)
	for i := 0; i < len(ends); i += 2 {
		ranges = append(ranges, resources.Range{Begin: ends[i], End: ends[i+1]})
	}
	return ranges
}

func hasTraits(x *resources.Resource) bool {
	return len(x.Reservations) > 0 || x.Disk != nil || x.Revocable || x.Shared || x.Copies != 0
}

func encodeTraits(x *resources.Resource) *Traits {
	t := &Traits{Revocable: x.Revocable, Shared: x.Shared, Copies: int64(x.Copies)}
	for i := range x.Reservations {
		t.Reservations = append(t.Reservations, encodeReservation(&x.Reservations[i]))
	}
	if x.Disk != nil {
		t.Disk = &Disk{Kind: DiskKind(x.Disk.Kind), Path: x.Disk.Path}
		if v := x.Disk.Volume; v != nil {
			t.Disk.Volume = &Volume{Id: v.ID, Principal: v.Principal, ContainerPath: v.ContainerPath, ReadOnly: v.ReadOnly}
		}
	}
	return t
}

func (d *decoder) traits(t *Traits, x *resources.Resource) {
	x.Revocable, x.Shared, x.Copies = t.GetRevocable(), t.GetShared(), d.int("copies", t.GetCopies())
	for _, m := range t.GetReservations() {
		x.Reservations = append(x.Reservations, d.reservation("reservation", m))
	}
	m := t.GetDisk()
	if m == nil {
		return
	}
	x.Disk = &resources.DiskInfo{Kind: enum(d, "kind of disk", m.GetKind(), resources.DiskMount), Path: m.GetPath()}
	if v := m.GetVolume(); v != nil {
		x.Disk.Volume = &resources.Volume{
			ID: v.GetId(), Principal: v.GetPrincipal(), ContainerPath: v.GetContainerPath(), ReadOnly: v.GetReadOnly(),
		}
	}
}

func encodeReservation(r *resources.Reservation) *Reservation {
	return &Reservation{Role: r.Role, Principal: r.Principal, Labels: encodeLabels(r.Labels), Dynamic: r.Dynamic}
}

func (d *decoder) reservation(field string, m *Reservation) resources.Reservation {
	return resources.Reservation{
		Role: m.GetRole(), Principal: m.GetPrincipal(), Labels: d.labels(field, m.GetLabels()), Dynamic: m.GetDynamic(),
	}
}

// EncodeQuantities returns the messages of q.
func EncodeQuantities(q resources.Quantities) []*Quantity {
	var all []*Quantity
	for name, amount := range q.All() {
		all = append(all, &Quantity{Name: name, Amount: int64(amount)})
	}
	return all
}

// DecodeQuantities is the inverse of EncodeQuantities.
func DecodeQuantities(all []*Quantity) (resources.Quantities, error) {
	var q resources.Quantities
	for _, m := range all {
		one, err := decodeQuantity(m)
		if err == nil {
			q, err = q.Add(one)
		}
		if err != nil {
			return resources.Quantities{}, fmt.Errorf("quantity %q: %w", excerpt(m.GetName()), err)
		}
	}
	return q, nil
}

func decodeQuantity(m *Quantity) (resources.Quantities, error) {
	if m.GetAmount() <= 0 {
		return resources.Quantities{}, fmt.Errorf("amount %s is not above 0", resources.Scalar(m.GetAmount()))
	}
	if m.GetName() != resources.Ports { // whose amount is no resource
		if _, err := resources.New(resources.Resource{Name: m.GetName()}); err != nil {
			return resources.Quantities{}, err
		}
	}
	return resources.QuantityOf(m.GetName(), resources.Scalar(m.GetAmount())), nil
}

// EncodeAttributes returns the messages of a.
func EncodeAttributes(a resources.Attributes) []*Attribute {
	var all []*Attribute
	for x := range a.All() {
		all = append(all, &Attribute{
			Name: x.Name, Kind: AttributeKind(x.Kind), Text: x.Text, Scalar: int64(x.Scalar),
			Ranges: encodeRanges(x.Ranges), Set: x.Set,
		})
	}
	return all
}

// DecodeAttributes is the inverse of EncodeAttributes.
func DecodeAttributes(all []*Attribute) (resources.Attributes, error) {
	if len(all) == 0 {
		return resources.Attributes{}, nil
	}
	list := make([]resources.Attribute, 0, len(all))
	for _, m := range all {
		var d decoder
		list = append(list, resources.Attribute{
			Name: m.GetName(), Kind: enum(&d, "kind", m.GetKind(), resources.AttributeSet), Text: m.GetText(),
			Scalar: resources.Scalar(m.GetScalar()), Ranges: d.ranges("ranges", m.GetRanges()), Set: m.GetSet(),
		})
		if d.err != nil {
			return resources.Attributes{}, fmt.Errorf("attribute %q: %w", excerpt(m.GetName()), d.err)
		}
	}
	return resources.NewAttributes(list...)
}
