package resources

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAdd(t *testing.T) {
	for _, test := range []struct{ a, b, want string }{
		{"", "", ""},
		{"cpus:1", "", "cpus:1"},
		{"", "cpus:1", "cpus:1"},
		{"cpus:1;mem:5", "cpus:2;mem:10", "cpus:3;mem:15"},
		{"cpus:0.1", "cpus:0.2", "cpus:0.3"},
		{"cpus:1", "mem:1", "cpus:1;mem:1"},
		{"cpus(a):1", "cpus(b):1", "cpus(a):1;cpus(b):1"},
		{"cpus(a):1", "cpus(+a):1", "cpus(+a):1;cpus(a):1"},
		{"cpus(+a{k=v}):1", "cpus(+a{k=w}):1", "cpus(+a{k=v}):1;cpus(+a{k=w}):1"},
		{"cpus(+a@p):1", "cpus(+a):1", "cpus(+a):1;cpus(+a@p):1"},
		{"cpus:1{REV}", "cpus:1", "cpus:1;cpus:1{REV}"},
		{"ports:[1-2]", "ports:[3-4,8-9]", "ports:[1-4,8-9]"},
		{"x:{b}", "x:{a,c}", "x:{a,b,c}"},
		{"disk[PATH:/a]:1", "disk[PATH:/b]:1", "disk[PATH:/a]:1;disk[PATH:/b]:1"},
		{"disk[PATH:/a]:1;disk:1", "disk[PATH:/a]:1", "disk:1;disk[PATH:/a]:2"},
		{"disk[VOLUME:v:d]:1<SHARED>", "disk[VOLUME:v:d]:1<SHARED>", "disk[VOLUME:v:d]:1<SHARED>*2"},
	} {
		got, err := MustParse(test.a).Add(MustParse(test.b))
		if err != nil {
			t.Errorf("%s + %s: %v", test.a, test.b, err)
			continue
		}
		if diff := cmp.Diff(test.want, got.String()); diff != "" {
			t.Errorf("%s + %s (-want +got):\n%s", test.a, test.b, diff)
		}
	}
}

func TestAddErrors(t *testing.T) {
	for _, test := range []struct {
		a, b string
		kind error
		want string
	}{
		{"cpus:9223372036854775.807", "cpus:0.001", ErrOverflow, "resources: overflow: cpus: 9223372036854775.807 plus 0.001 is more than 9223372036854775.807"},
		{"x:1", "x:{a}", ErrKind, "resources: kinds differ: x is scalar and set"},
		{"x:1", "x(r):{a}", ErrKind, "resources: kinds differ: x is scalar and set"},
		{"ports:[1-5,9-9]", "ports:[4-9]", ErrTwice, "resources: counted twice: ports:[4-5,9-9]"},
		{"x:{a}", "x:{a}", ErrTwice, "resources: counted twice: x:{a}"},
		{"disk[MOUNT:/a]:5", "disk[MOUNT:/a]:5", ErrTwice, "resources: counted twice: disk[MOUNT:/a]:5"},
		{"disk(r)[VOLUME:v:d]:5", "disk(r)[PATH:/a,VOLUME:v:d]:5", ErrTwice, `resources: counted twice: volume "v" of role "r"`},
	} {
		_, err := MustParse(test.a).Add(MustParse(test.b))
		checkError(t, test.a+" + "+test.b, err, test.kind, test.want)
	}
}

func TestSub(t *testing.T) {
	for _, test := range []struct {
		a, b, want string
		ok         bool
	}{
		{"", "", "", true},
		{"cpus:1", "", "cpus:1", true},
		{"", "cpus:1", "", false},
		{"cpus:3;mem:5", "cpus:1", "cpus:2;mem:5", true},
		{"cpus:3;mem:5", "cpus:3;mem:5", "", true},
		{"cpus:1", "cpus:3", "", false},
		{"cpus:1;mem:1", "cpus:1;disk:1", "", false},
		{"cpus(a):1", "cpus:1", "", false},
		{"cpus:1", "cpus:1{REV}", "", false},
		{"x:1", "x:{a}", "", false},
		{"x:{a}", "x:1", "", false},
		{"ports:[1-10]", "ports:[3-4,10-10]", "ports:[1-2,5-9]", true},
		{"ports:[1-3,7-9]", "ports:[3-7]", "", false},
		{"ports:[1-3]", "ports:[1-4]", "", false},
		{"x:{a,b,c}", "x:{b}", "x:{a,c}", true},
		{"x:{a,b,c}", "x:{d}", "", false},
		{"disk[PATH:/a]:3", "disk[PATH:/a]:1", "disk[PATH:/a]:2", true},
		{"disk[MOUNT:/a]:3", "disk[MOUNT:/a]:1", "", false},
		{"disk[MOUNT:/a]:3;disk:1", "disk[MOUNT:/a]:3", "disk:1", true},
		{"disk[VOLUME:v:d]:3", "disk[VOLUME:v:d]:1", "", false},
		{"disk[VOLUME:v:d]:3", "disk:3", "", false},
		{"disk[VOLUME:v:d]:3", "disk[VOLUME:v:d]:3", "", true},
		{"disk[VOLUME:v:d]:3<SHARED>*2", "disk[VOLUME:v:d]:3<SHARED>", "disk[VOLUME:v:d]:3<SHARED>", true},
		{"disk[VOLUME:v:d]:3<SHARED>*2", "disk[VOLUME:v:d]:3<SHARED>*3", "", false},
		{"disk[VOLUME:v:d]:3<SHARED>*2", "disk[VOLUME:v:d]:3<SHARED>*2", "", true},
	} {
		a, b := MustParse(test.a), MustParse(test.b)
		got, ok := a.Sub(b)
		if ok != test.ok || got.String() != test.want {
			t.Errorf("%s - %s = %v, %v; want %s, %v", test.a, test.b, got, ok, test.want, test.ok)
		}
		if contains := a.Contains(b); contains != test.ok {
			t.Errorf("%s contains %s = %v", test.a, test.b, contains)
		}
	}
}

func TestMissingAndShortage(t *testing.T) {
	for _, test := range []struct{ have, want, missing, shortage string }{
		{"cpus:2", "cpus:2", "", ""},
		{"cpus:2;mem:10", "cpus:3;mem:10", "cpus:1", "has cpus:2, needs cpus:3"},
		{"", "cpus:3", "cpus:3", "has none, needs cpus:3"},
		{"cpus(eng):4;cpus:1", "cpus:3", "cpus:2", "has cpus:1;cpus(eng):4, needs cpus:3"},
		{"ports:[1-10]", "ports:[9-12]", "ports:[11-12]", "has ports:[1-10], needs ports:[9-12]"},
		{"x:{a}", "x:{a,b}", "x:{b}", "has x:{a}, needs x:{a,b}"},
		{"x:{a}", "x:2", "x:2", "has x:{a}, needs x:2"},
		{"disk[MOUNT:/a]:9", "disk[MOUNT:/a]:5", "disk[MOUNT:/a]:5", "has disk[MOUNT:/a]:9, needs disk[MOUNT:/a]:5"},
		{
			"disk[VOLUME:v:d]:5<SHARED>", "disk[VOLUME:v:d]:5<SHARED>*3", "disk[VOLUME:v:d]:5<SHARED>*2",
			"has disk[VOLUME:v:d]:5<SHARED>, needs disk[VOLUME:v:d]:5<SHARED>*3",
		},
	} {
		have, want := MustParse(test.have), MustParse(test.want)
		if got := have.Missing(want).String(); got != test.missing {
			t.Errorf("%s misses %s of %s, want %s", test.have, got, test.want, test.missing)
		}
		if got := have.Shortage(want); got != test.shortage {
			t.Errorf("shortage of %s for %s: %q, want %q", test.have, test.want, got, test.shortage)
		}
	}
}

func TestFind(t *testing.T) {
	for _, test := range []struct {
		have, want, found string
		ok                bool
	}{
		{"cpus:2", "", "", true},
		{"cpus:2", "cpus:1", "cpus:1", true},
		{"cpus:2", "cpus:3", "", false},
		{"cpus(eng):2;cpus:2", "cpus:3", "cpus:1;cpus(eng):2", true},
		{"cpus(eng):2;cpus(eng,+eng/a):1;cpus:2", "cpus:2", "cpus(eng):1;cpus(eng,+eng/a):1", true},
		{"cpus(eng):2;cpus:2", "cpus:2;cpus(eng):1", "cpus:1;cpus(eng):2", true},
		{"cpus:1{REV}", "cpus:1", "", false},
		{"cpus:1{REV};cpus:1", "cpus:1{REV};cpus:1", "cpus:1;cpus:1{REV}", true},
		{"disk[MOUNT:/a]:9;disk[PATH:/b]:9", "disk:1", "", false},
		{"ports(eng):[1-5];ports:[6-9]", "ports:[4-7]", "ports:[6-7];ports(eng):[4-5]", true},
		{"ports:[1-5]", "ports:[4-7]", "", false},
		{"x(r):{a,b};x:{c}", "x:{b,c}", "x:{c};x(r):{b}", true},
		{"x:{a}", "x:1", "", false},
	} {
		got, ok := MustParse(test.have).Find(MustParse(test.want))
		if ok != test.ok || got.String() != test.found {
			t.Errorf("%s find %s = %v, %v; want %s, %v", test.have, test.want, got, ok, test.found, test.ok)
		}
	}
}

func TestSum(t *testing.T) {
	got, err := Sum(MustParse("cpus:1"), MustParse("mem:1"), MustParse("cpus:2"), Resources{}, MustParse("cpus:3"))
	if want := "cpus:6;mem:1"; err != nil || got.String() != want {
		t.Errorf("Sum = %v, %v; want %s", got, err, want)
	}
	if got, err := Sum(); err != nil || !got.IsEmpty() {
		t.Errorf("Sum() = %v, %v", got, err)
	}
	ports := MustParse("ports:[1-2]")
	_, err = Sum(ports, MustParse("cpus:1"), MustParse("mem:1"), ports)
	checkError(t, "the same ports twice", err, ErrTwice, "resources: counted twice: ports:[1-2]")
}

func TestAccessors(t *testing.T) {
	r := MustParse("cpus:1;cpus(a):2;cpus:4{REV};mem:5;gpus:2;disk:7;disk[MOUNT:/a]:8;ports:[1-2];ports(a):[3-4];x:{b};x(a):{a}")
	if r.CPUs() != 7*Unit || r.Mem() != 5*Unit || r.GPUs() != 2*Unit || r.Disk() != 15*Unit || r.Scalar("ports") != 0 || r.Scalar("y") != 0 {
		t.Errorf("cpus %v, mem %v, gpus %v, disk %v, ports %v", r.CPUs(), r.Mem(), r.GPUs(), r.Disk(), r.Scalar("ports"))
	}
	if diff := cmp.Diff(Ranges{{1, 4}}, r.Ports()); diff != "" {
		t.Errorf("Ports (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "b"}, r.Set("x")); diff != "" {
		t.Errorf("Set (-want +got):\n%s", diff)
	}
	if r.Ranges("cpus") != nil || r.Set("cpus") != nil || r.Len() != 11 {
		t.Errorf("Ranges(cpus) = %v, Set(cpus) = %v, Len = %d", r.Ranges("cpus"), r.Set("cpus"), r.Len())
	}
	for range r.All() {
		break // must not panic
	}
	for range r.Scalars() {
		break
	}
}

// The allocator calls these for every agent and framework.
func TestHotPathDoesNotAllocate(t *testing.T) {
	a, b := MustParse("cpus:24;mem:4096;disk:4096;ports:[1-9];cpus(eng):1"), MustParse("cpus:24;mem:4096")
	same := MustParse(a.String())
	plain := MustParse("cpus:24;mem:4096;disk:4096")
	var total Scalar
	for name, f := range map[string]func(){
		"Contains":   func() { a.Contains(b) },
		"Equal":      func() { a.Equal(b); a.Equal(same) },
		"IsEmpty":    func() { a.IsEmpty() },
		"Scalar":     func() { total += a.Scalar(CPUs) },
		"Add empty":  func() { _, _ = a.Add(Resources{}); _, _ = Resources{}.Add(a) },
		"Sub empty":  func() { a.Sub(Resources{}) },
		"Filter all": func() { plain.Unreserved() },
		"Scalars": func() {
			for _, v := range a.Scalars() {
				total += v
			}
		},
		"All": func() {
			for r := range plain.All() {
				total += r.Scalar
			}
		},
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}
