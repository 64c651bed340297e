package resources

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxJSONLength is the greatest length in bytes of JSON to decode.
const MaxJSONLength = 1 << 20

// The wire types have the fields of Mesos's v1 JSON, in its order.
type (
	wireResource struct {
		Name         string            `json:"name"`
		Type         string            `json:"type"`
		Scalar       *wireScalar       `json:"scalar,omitempty"`
		Ranges       *wireRanges       `json:"ranges,omitempty"`
		Set          *wireSet          `json:"set,omitempty"`
		Role         string            `json:"role,omitempty"`        // Mesos before 1.5; decoded only
		Reservation  *wireReservation  `json:"reservation,omitempty"` // the same
		Reservations []wireReservation `json:"reservations,omitempty"`
		Disk         *wireDisk         `json:"disk,omitempty"`
		Revocable    *struct{}         `json:"revocable,omitempty"`
		Shared       *wireShared       `json:"shared,omitempty"`
	}
	wireScalar struct {
		Value json.Number `json:"value"`
	}
	wireRanges struct {
		Range []wireRange `json:"range"`
	}
	wireRange struct {
		Begin uint64 `json:"begin"`
		End   uint64 `json:"end"`
	}
	wireSet struct {
		Item []string `json:"item"`
	}
	wireReservation struct {
		Type      string      `json:"type,omitempty"`
		Role      string      `json:"role,omitempty"`
		Principal string      `json:"principal,omitempty"`
		Labels    *wireLabels `json:"labels,omitempty"`
	}
	wireLabels struct {
		Labels []wireLabel `json:"labels"`
	}
	wireLabel struct {
		Key   string `json:"key"`
		Value string `json:"value,omitempty"`
	}
	wireDisk struct {
		Persistence *wirePersistence `json:"persistence,omitempty"`
		Volume      *wireVolume      `json:"volume,omitempty"`
		Source      *wireSource      `json:"source,omitempty"`
	}
	wirePersistence struct {
		ID        string `json:"id"`
		Principal string `json:"principal,omitempty"`
	}
	wireVolume struct {
		Mode          string `json:"mode"`
		ContainerPath string `json:"container_path"`
	}
	wireSource struct {
		Type  string    `json:"type"`
		Path  *wireRoot `json:"path,omitempty"`
		Mount *wireRoot `json:"mount,omitempty"`
	}
	wireRoot struct {
		Root string `json:"root"`
	}
	wireShared struct {
		Copies int `json:"copies,omitempty"` // not in Mesos, which repeats the resource
	}
)

// MarshalJSON returns an array in the form of Mesos's v1 API:
//
//	[{"name":"cpus","type":"SCALAR","scalar":{"value":0.5}}]
//
// Numbers are exact. Several copies of a shared resource are written as
// "shared":{"copies":2}.
func (r Resources) MarshalJSON() ([]byte, error) {
	list := make([]wireResource, 0, len(r.entries))
	for x := range r.All() {
		list = append(list, encodeResource(&x))
	}
	return json.Marshal(list)
}

// UnmarshalJSON decodes what MarshalJSON writes, and the older fields role and
// reservation of Mesos. A field that it does not know is an error, since
// leaving it out could change the meaning. A number with more than three
// decimals is accepted only where it is how a float64 spells a number of
// thousandths (0.29999999999999999).
func (r *Resources) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil // by convention of encoding/json
	}
	var list []wireResource
	if err := decodeJSON(b, &list); err != nil {
		return err
	}
	entries := make([]entry, 0, len(list))
	for i := range list {
		x, err := decodeResource(&list[i])
		var e entry
		if err == nil {
			e, err = makeEntry(&x)
		}
		if err != nil {
			return fmt.Errorf("%w: resource %q: %w", ErrInvalid, excerpt(list[i].Name), err)
		}
		if e.amount > 0 {
			entries = append(entries, e)
		}
	}
	decoded, err := build(entries)
	if err == nil {
		*r = decoded
	}
	return err
}

func decodeJSON(b []byte, into any) error {
	if len(b) > MaxJSONLength {
		return fmt.Errorf("%w: JSON has %d bytes: at most %d", ErrInvalid, len(b), MaxJSONLength)
	}
	if !utf8.Valid(b) {
		return fmt.Errorf("%w: JSON is not valid UTF-8", ErrInvalid)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the array")
		}
	}
	if err != nil {
		return fmt.Errorf("%w: JSON: %w", ErrInvalid, err)
	}
	return nil
}

func encodeResource(r *Resource) wireResource {
	w := wireResource{Name: r.Name, Reservations: encodeReservations(r.Reservations), Disk: encodeDisk(r.Disk)}
	switch r.Kind {
	case KindRanges:
		w.Type, w.Ranges = "RANGES", encodeRanges(r.Ranges)
	case KindSet:
		w.Type, w.Set = "SET", &wireSet{r.Set}
	default:
		w.Type, w.Scalar = "SCALAR", &wireScalar{json.Number(r.Scalar.String())}
	}
	if r.Revocable {
		w.Revocable = &struct{}{}
	}
	if r.Shared {
		w.Shared = &wireShared{}
	}
	if r.Copies > 1 {
		w.Shared.Copies = r.Copies
	}
	return w
}

func decodeResource(w *wireResource) (r Resource, err error) {
	r = Resource{Name: w.Name, Revocable: w.Revocable != nil, Shared: w.Shared != nil}
	if err := onlyValueOf(w.Type, map[string]bool{
		"SCALAR": w.Scalar != nil, "RANGES": w.Ranges != nil, "SET": w.Set != nil,
	}); err != nil {
		return r, err
	}
	switch w.Type {
	case "SCALAR":
		r.Scalar, err = decodeScalar(w.Scalar)
	case "RANGES":
		r.Kind, r.Ranges = KindRanges, decodeRanges(w.Ranges)
	default:
		r.Kind, r.Set = KindSet, w.Set.Item
	}
	if err == nil {
		r.Reservations, err = decodeReservations(w)
	}
	if err == nil {
		r.Disk, err = decodeDisk(w.Disk)
	}
	if r.Shared {
		r.Copies = w.Shared.Copies
	}
	return r, err
}

// onlyValueOf checks that of the values, by type, the one of the type that is
// named is present and no other.
func onlyValueOf(named string, present map[string]bool) error {
	types := slices.Sorted(maps.Keys(present))
	if !slices.Contains(types, named) {
		return fmt.Errorf("type %q: want one of %s", excerpt(named), strings.Join(types, ", "))
	}
	for _, t := range types {
		switch {
		case t == named && !present[t]:
			return fmt.Errorf("its type is %s but it has no value of that type", t)
		case t != named && present[t]:
			return fmt.Errorf("its type is %s but it has a value of type %s", named, t)
		}
	}
	return nil
}

// decodeScalar accepts a number that is a Scalar, or the float64 nearest to one.
func decodeScalar(w *wireScalar) (Scalar, error) {
	text := w.Value.String()
	v, exact := parseScalar(text)
	if exact == nil {
		return v, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f < 0 || math.Round(f*1000) >= math.MaxInt64 {
		return 0, exact
	}
	v = Scalar(math.Round(f * 1000))
	if v.Float() != f {
		return 0, exact
	}
	return v, nil
}

func encodeRanges(r Ranges) *wireRanges {
	w := &wireRanges{Range: make([]wireRange, 0, len(r))}
	for _, x := range r {
		w.Range = append(w.Range, wireRange(x))
	}
	return w
}

func decodeRanges(w *wireRanges) Ranges {
	var r Ranges
	for _, x := range w.Range {
		r = append(r, Range(x))
	}
	return r
}

func encodeReservations(stack []Reservation) []wireReservation {
	var list []wireReservation
	for i := range stack {
		r := &stack[i]
		w := wireReservation{Type: "STATIC", Role: r.Role, Principal: r.Principal}
		if r.Dynamic {
			w.Type = "DYNAMIC"
		}
		if len(r.Labels) > 0 {
			w.Labels = &wireLabels{}
			for _, key := range slices.Sorted(maps.Keys(r.Labels)) {
				w.Labels.Labels = append(w.Labels.Labels, wireLabel{key, r.Labels[key]})
			}
		}
		list = append(list, w)
	}
	return list
}

func decodeReservations(w *wireResource) ([]Reservation, error) {
	list := w.Reservations
	if (w.Role != "" && w.Role != "*") || w.Reservation != nil {
		if len(list) > 0 {
			return nil, errors.New("it has reservations as well as the older role or reservation: want one of them")
		}
		old := wireReservation{Type: "STATIC"}
		if w.Reservation != nil {
			old = *w.Reservation
			if old.Type != "" || old.Role != "" {
				return nil, errors.New("its reservation has a type or role of its own: want reservations instead")
			}
			old.Type = "DYNAMIC"
		}
		old.Role = w.Role
		list = []wireReservation{old}
	}
	var stack []Reservation
	for _, x := range list {
		r := Reservation{Role: x.Role, Principal: x.Principal, Dynamic: x.Type == "DYNAMIC"}
		if !r.Dynamic && x.Type != "STATIC" {
			return nil, fmt.Errorf("reservation type %q: want STATIC or DYNAMIC", excerpt(x.Type))
		}
		if x.Labels != nil && len(x.Labels.Labels) > 0 {
			r.Labels = make(map[string]string)
			for _, label := range x.Labels.Labels {
				if _, twice := r.Labels[label.Key]; twice {
					return nil, fmt.Errorf("label %q is there twice", excerpt(label.Key))
				}
				r.Labels[label.Key] = label.Value
			}
		}
		stack = append(stack, r)
	}
	return stack, nil
}

func encodeDisk(d *DiskInfo) *wireDisk {
	if d == nil {
		return nil
	}
	w := &wireDisk{}
	switch d.Kind {
	case DiskRoot: // has no source
	case DiskPath:
		w.Source = &wireSource{Type: "PATH", Path: &wireRoot{d.Path}}
	case DiskMount:
		w.Source = &wireSource{Type: "MOUNT", Mount: &wireRoot{d.Path}}
	}
	if v := d.Volume; v != nil {
		w.Persistence = &wirePersistence{v.ID, v.Principal}
		w.Volume = &wireVolume{Mode: "RW", ContainerPath: v.ContainerPath}
		if v.ReadOnly {
			w.Volume.Mode = "RO"
		}
	}
	return w
}

func decodeDisk(w *wireDisk) (*DiskInfo, error) {
	if w == nil {
		return nil, nil
	}
	d := &DiskInfo{}
	if s := w.Source; s != nil {
		switch {
		case s.Type == "PATH" && s.Path != nil && s.Mount == nil:
			d.Kind, d.Path = DiskPath, s.Path.Root
		case s.Type == "MOUNT" && s.Mount != nil && s.Path == nil:
			d.Kind, d.Path = DiskMount, s.Mount.Root
		default:
			return nil, fmt.Errorf("source of disk is of type %q: want PATH with path or MOUNT with mount", excerpt(s.Type))
		}
	}
	if (w.Persistence == nil) != (w.Volume == nil) {
		return nil, errors.New("disk has persistence without volume or volume without persistence: want both for a persistent volume")
	}
	if w.Persistence != nil {
		if w.Volume.Mode != "RW" && w.Volume.Mode != "RO" {
			return nil, fmt.Errorf("mode %q of the volume: want RW or RO", excerpt(w.Volume.Mode))
		}
		d.Volume = &Volume{
			ID: w.Persistence.ID, Principal: w.Persistence.Principal,
			ContainerPath: w.Volume.ContainerPath, ReadOnly: w.Volume.Mode == "RO",
		}
	}
	return d, nil
}
