package wire

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/proto"

	"github.com/proffer-go/proffer"
	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// filler fills values with what may be in them. It knows the types that have
// rules, and goes by reflection about everything else, so that a field which
// is added later is filled too.
type filler struct {
	*rand.Rand
	seed uint64
}

func newFiller(seed uint64) *filler {
	return &filler{rand.New(rand.NewPCG(seed, 1)), seed}
}

// roundTrips runs the property for as many seeds as a test should take.
func roundTrips(t *testing.T, property func(t *testing.T, f *filler)) {
	t.Helper()
	for seed := range uint64(300) {
		property(t, newFiller(seed))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// same are the ways in which values may differ: an empty map or slice is nil.
// An error keeps its text and its sorts.
var same = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.FilterValues(func(a, b error) bool { return true }, cmp.Comparer(func(a, b error) bool {
		x, y := encodeError(a), encodeError(b)
		return proto.Equal(x, y)
	})),
}

func filled[T any](f *filler) T {
	var v T
	f.fill(reflect.ValueOf(&v).Elem())
	return v
}

func (f *filler) fill(v reflect.Value) {
	if f.known(v) {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(f.word())
	case reflect.Bool:
		v.SetBool(f.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(f.number())
	case reflect.Uint64:
		v.SetUint(f.Uint64() >> f.IntN(64))
	case reflect.Uint16:
		v.SetUint(uint64(uint16(f.Uint32())))
	case reflect.Uint8:
		v.SetUint(f.Uint64N(3))
	case reflect.Pointer:
		if f.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem())
		}
	case reflect.Slice:
		n := f.IntN(4)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			f.fillWhole(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range f.IntN(4) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key)
			f.fill(value)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for field, value := range v.Fields() {
			if needed[v.Type().String()+"."+field.Name] {
				f.fillWhole(value)
			} else {
				f.fill(value)
			}
		}
	default:
		panic(fmt.Sprintf("how is a %s filled?", v.Type()))
	}
}

// needed are the fields without which a message says nothing.
var needed = map[string]bool{
	"protocol.StatusUpdate.Status": true, "protocol.RunningTask.Task": true, "protocol.RunningExecutor.Executor": true,
	"protocol.RunTasks.Tasks": true, "scheduler.InverseOfferEvent.Offer": true, "scheduler.AcceptCall.OfferIDs": true,
	"scheduler.Answer.OfferIDs": true, "scheduler.ErrorEvent.Err": true, "offers.AgentExplanation.Reasons": true,
}

// fillWhole leaves neither nil nor an empty slice.
func (f *filler) fillWhole(v reflect.Value) {
	switch {
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	default:
		f.fill(v)
		for tries := 0; v.Kind() == reflect.Slice && v.Len() == 0 || v.Kind() == reflect.Interface && v.IsNil(); tries++ {
			f.fill(v)
		}
	}
}

// known fills what has rules of its own.
func (f *filler) known(v reflect.Value) bool {
	switch p := v.Addr().Interface().(type) {
	case *proffer.FrameworkID, *proffer.AgentID, *proffer.OfferID, *proffer.InverseOfferID, *proffer.TaskID,
		*proffer.ExecutorID, *proffer.ContainerID:
		v.SetString("id-" + f.word())
	case *proffer.TaskState:
		*p = proffer.TaskState(f.IntN(int(proffer.TaskUnknown) + 1))
	case *proffer.Reason:
		*p = proffer.Reason(f.IntN(int(proffer.ReasonKillStuck) + 1))
	case *time.Time:
		if f.IntN(4) > 0 {
			*p = time.Unix(f.Int64N(1<<40)-1<<39, f.Int64N(1e9))
		}
	case *time.Duration:
		*p = time.Duration(f.number())
	case *offers.Subject:
		*p = offers.Subject(f.IntN(int(offers.OfResource) + 1))
	case *offers.Predicate:
		*p = offers.Predicate(f.IntN(int(offers.AtMost) + 1))
	case *offers.Why:
		*p = offers.Why(f.IntN(int(offers.WhyGang) + 1))
	case *offers.Operation:
		*p = f.operation()
	case *resources.Reservation:
		*p = resources.Reservation{Role: f.word(), Principal: f.text(), Labels: map[string]string{f.word(): f.text()}, Dynamic: f.IntN(2) == 0}
	case *error:
		if f.IntN(3) > 0 {
			*p = fmt.Errorf("%s: %w and %w", f.text(), sorts[f.IntN(len(sorts))].err, sorts[f.IntN(len(sorts))].err)
		}
	case *syscall.Signal:
		*p = syscall.Signal(f.IntN(65))
	case *resources.Resources:
		*p = f.resources()
	case *resources.Quantities:
		*p = resources.MustParseQuantities(fmt.Sprintf("cpus:%d;mem:%d.5;ports:%d;%s:1", f.IntN(3), f.IntN(9), f.IntN(2), f.word()))
	case *resources.Attributes:
		*p = resources.MustParseAttributes(fmt.Sprintf("rack:r%d;rack:%q;level:%d.25;open:[1-3,%d-9999];with:{ssd,%s}",
			f.IntN(9), f.text(), f.IntN(9), f.IntN(999), f.word()))
	default:
		return false
	}
	return true
}

// operations are all of them.
var operations = []offers.Operation{
	offers.Launch{},
	offers.LaunchGroup{},
	offers.Reserve{},
	offers.Unreserve{},
	offers.Create{},
	offers.Destroy{},
	offers.Grow{},
	offers.Shrink{},
}

func (f *filler) operation() offers.Operation {
	v := reflect.New(reflect.TypeOf(operations[f.IntN(len(operations))])).Elem()
	f.fill(v)
	return v.Interface().(offers.Operation)
}

func (f *filler) resources() resources.Resources {
	list := []resources.Resource{{Name: resources.CPUs, Scalar: resources.Scalar(f.IntN(3000))}}
	if f.IntN(2) == 0 {
		list = append(list, resources.Resource{Name: resources.Mem, Scalar: resources.Scalar(f.Int64N(math.MaxInt64))})
	}
	if f.IntN(2) == 0 {
		begin := f.Uint64N(1 << 62)
		list = append(list, resources.Resource{
			Name: resources.Ports, Kind: resources.KindRanges, Ranges: resources.Ranges{{Begin: 80, End: 90}, {Begin: begin + 100, End: begin + 1000}},
		})
	}
	if f.IntN(3) == 0 {
		list = append(list, resources.Resource{Name: "fpgas", Kind: resources.KindSet, Set: []string{"a", "b" + f.text()}})
	}
	reserved := resources.Reservation{Role: "eng", Dynamic: f.IntN(2) == 0}
	if f.IntN(2) == 0 {
		reserved.Principal, reserved.Labels = f.text(), map[string]string{f.word(): f.text(), f.word() + "2": ""}
	}
	refined := resources.Reservation{Role: "eng/backend", Principal: f.word(), Dynamic: true}
	if f.IntN(3) == 0 {
		list = append(list, resources.Resource{Name: "cpus", Scalar: 1500, Reservations: []resources.Reservation{reserved}})
	}
	if f.IntN(3) == 0 {
		list = append(list, resources.Resource{Name: "cpus", Scalar: 500, Revocable: true})
	}
	if f.IntN(3) == 0 {
		list = append(list, resources.Resource{
			Name: resources.Disk, Scalar: 5 * resources.Unit, Shared: f.IntN(2) == 0, Reservations: []resources.Reservation{reserved, refined},
			Disk: &resources.DiskInfo{
				Kind: resources.DiskMount, Path: "/mnt/" + f.text(),
				Volume: &resources.Volume{ID: f.word(), Principal: f.text(), ContainerPath: "data", ReadOnly: f.IntN(2) == 0},
			},
		})
		if last := &list[len(list)-1]; last.Shared {
			last.Copies = f.IntN(4)
		}
	}
	if f.IntN(3) == 0 {
		list = append(list, resources.Resource{Name: resources.Disk, Scalar: 7, Disk: &resources.DiskInfo{Kind: resources.DiskPath, Path: "/" + f.word()}})
	}
	r, err := resources.New(list...)
	if err != nil {
		panic(err)
	}
	return r
}

func (f *filler) number() int64 {
	n := int64(f.Uint64() >> f.IntN(64))
	if f.IntN(4) == 0 {
		return -n
	}
	return n
}

func (f *filler) word() string {
	b := make([]byte, 1+f.IntN(6))
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[f.IntN(36)]
	}
	return string(b)
}

// text is UTF-8 and may be empty.
func (f *filler) text() string {
	return []string{"", f.word(), f.word() + " ü€\n\"😀\x00" + f.word()}[f.IntN(3)]
}
