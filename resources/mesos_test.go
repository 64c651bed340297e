package resources

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What Mesos's documentation (attributes-resources.md) and its tests of
// resources and values say. Where Proffer differs on purpose, the test says so.

func TestMesosDocumentedResources(t *testing.T) {
	text := "cpus:24;mem:24576;disk:409600;ports:[21000-24000,30000-34000];bugs(debug_role):{a,b,c}"
	var fromJSON Resources
	if err := fromJSON.UnmarshalJSON([]byte(`[
		{"name": "cpus", "type": "SCALAR", "scalar": {"value": 24}},
		{"name": "mem", "type": "SCALAR", "scalar": {"value": 24576}},
		{"name": "disk", "type": "SCALAR", "scalar": {"value": 409600}},
		{"name": "ports", "type": "RANGES", "ranges": {"range": [{"begin": 21000, "end": 24000}, {"begin": 30000, "end": 34000}]}},
		{"name": "bugs", "type": "SET", "set": {"item": ["a", "b", "c"]}, "role": "debug_role"}
	]`)); err != nil {
		t.Fatal(err)
	}
	if !MustParse(text).Equal(fromJSON) {
		t.Errorf("text %v, JSON %v", MustParse(text), fromJSON)
	}
	want := []Resource{
		{Name: "bugs", Kind: KindSet, Set: []string{"a", "b", "c"}, Reservations: []Reservation{{Role: "debug_role"}}},
		{Name: "cpus", Scalar: 24 * Unit},
		{Name: "disk", Scalar: 409600 * Unit},
		{Name: "mem", Scalar: 24576 * Unit},
		{Name: "ports", Kind: KindRanges, Ranges: Ranges{{21000, 24000}, {30000, 34000}}},
	}
	if diff := cmp.Diff(want, slices.Collect(fromJSON.All())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMesosParsing(t *testing.T) {
	for text, want := range map[string]string{
		"cpus:45.55;ports:[10000-20000, 30000-50000];disks:{sda1}": "cpus:45.55;disks:{sda1};ports:[10000-20000,30000-50000]",
		"cpus(role1):2;mem(role1):3":                               "cpus(role1):2;mem(role1):3",
		"cpus(role1):2.5;ports(role2):[0-100]":                     "cpus(role1):2.5;ports(role2):[0-100]",
		"cpus(*):1":                                                "cpus:1",
		"mem:0;cpus:0":                                             "",
	} {
		if got, err := Parse(text); err != nil || got.String() != want {
			t.Errorf("Parse(%q) = %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{
		"cpus(role1)", "cpus(role1:1", "cpus)(role1:1", "foo(role1):1;foo(role2):[0-1]", "cpus:-1", "gpus:0.5",
	} {
		if got, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", text, got)
		}
	}
}

func TestMesosRangesCoalesce(t *testing.T) {
	for text, want := range map[string]string{
		"[4-6,6-8,5-9,3-4,2-5,4-6,1-1,10-10,4-6]": "[1-10]",
		"[4-6,6-8]":           "[4-8]",
		"[6-8,4-6]":           "[4-8]",
		"[1-10,8-10]":         "[1-10]",
		"[1-11,8-10]":         "[1-11]",
		"[1-4,4-5,7-8,8-10]":  "[1-5,7-10]",
		"[4-6,7-8]":           "[4-8]",
		"[4-6,7-7]":           "[4-7]",
		"[4-6,7-7,8-8,9-9]":   "[4-9]",
		"[4-6,7-7,9-10,9-11]": "[4-7,9-11]",
		"[6-8,6-8,4-6,6-8]":   "[4-8]",
	} {
		if got := MustParse("x:" + text).Ranges("x").String(); got != want {
			t.Errorf("%s = %s, want %s", text, got, want)
		}
	}
}

func TestMesosRangesAddition(t *testing.T) {
	for _, test := range []struct{ a, b, want string }{
		{"[2-3]", "[4-6]", "[2-6]"},
		{"[3-5]", "[1-2]", "[1-5]"},
		{"[3-5,7-8]", "[6-6]", "[3-8]"},
		{"[1-4,9-10,20-22,26-30]", "[5-8,23-25]", "[1-10,20-30]"},
		// Mesos takes these for a union. Here something is counted twice.
		{"[3-8]", "[4-10]", ""},
		{"[3-8]", "[1-4]", ""},
		{"[2-3]", "[1-4]", ""},
	} {
		got, err := MustParse("x:" + test.a).Add(MustParse("x:" + test.b))
		if (err != nil) != (test.want == "") || (err == nil && got.Ranges("x").String() != test.want) {
			t.Errorf("%s + %s = %v, %v; want %s", test.a, test.b, got, err, test.want)
		}
	}
}

func TestMesosRangesSubtraction(t *testing.T) {
	for _, test := range []struct{ b, left string }{
		{"[3-5]", "[6-8]"},
		{"[5-8]", "[3-4]"},
		{"[5-6]", "[3-4,7-8]"},
		// Mesos leaves out what is not there. Here Sub fails, and what is left
		// is what is missing the other way round.
		{"[1-10]", "[]"},
		{"[1-3]", "[4-8]"},
		{"[5-10]", "[3-4]"},
		{"[9-10]", "[3-8]"},
		{"[1-2]", "[3-8]"},
	} {
		a, b := MustParse("x:[3-8]"), MustParse("x:"+test.b)
		if left := b.Missing(a).Ranges("x"); left.String() != test.left {
			t.Errorf("[3-8] without %s = %v, want %s", test.b, left, test.left)
		}
		if diff, ok := a.Sub(b); ok != a.Contains(b) || (ok && diff.Ranges("x").String() != test.left) {
			t.Errorf("[3-8] - %s = %v, %v", test.b, diff, ok)
		}
	}
}

func TestMesosPrecision(t *testing.T) {
	sum := Resources{}
	for range 3 {
		var err error
		if sum, err = sum.Add(MustParse("cpus:1.001")); err != nil {
			t.Fatal(err)
		}
	}
	if want := MustParse("cpus:3.003"); !sum.Equal(want) {
		t.Errorf("3 × 1.001 = %v", sum)
	}
	// Ten tenths are one, which floats get wrong.
	one := MustParse("cpus:1")
	for i := range 10 {
		var ok bool
		if one, ok = one.Sub(MustParse("cpus:0.1")); !ok {
			t.Fatalf("step %d fails", i)
		}
	}
	if !one.IsEmpty() {
		t.Errorf("1 - 10 × 0.1 = %v", one)
	}
	// Mesos rounds 1.5011 to 1.501 where it parses; here only ScalarOf does.
	if s, err := ScalarOf(1.5011); err != nil || s != 1501 {
		t.Errorf("ScalarOf(1.5011) = %v, %v", s, err)
	}
	if _, err := Parse("cpus:1.5011"); err == nil {
		t.Error("1.5011 is accepted")
	}
}

func TestMesosScalarsAndRoles(t *testing.T) {
	r := MustParse("cpus:1;mem:5;cpus(role1):2;mem(role1):3;cpus(role2):4")
	if got := r.ReservedTo("role1"); !got.Equal(MustParse("cpus(role1):2;mem(role1):3")) {
		t.Errorf("ReservedTo(role1) = %v", got)
	}
	if got := r.Unreserved(); !got.Equal(MustParse("cpus:1;mem:5")) {
		t.Errorf("Unreserved() = %v", got)
	}
	if r.CPUs() != 7*Unit || r.Mem() != 8*Unit {
		t.Errorf("cpus %v, mem %v", r.CPUs(), r.Mem())
	}
	if r.Contains(MustParse("cpus:2")) || !r.Contains(MustParse("cpus(role1):2;cpus:1")) {
		t.Error("reserved and unreserved are mixed")
	}
}

// Persistent volumes and mount disks: ResourcesTest.Contains and the
// DiskResourcesTest and SharedResourcesTest families.
func TestMesosDisks(t *testing.T) {
	volume := MustParse("disk(role)[VOLUME:1:path]:1")
	for _, other := range []string{"disk(role)[VOLUME:2:path]:1", "disk(role):1", "disk(role)[VOLUME:1:path]:2"} {
		if volume.Contains(MustParse(other)) || MustParse(other).Contains(volume) {
			t.Errorf("%v and %s contain each other", volume, other)
		}
	}
	both, err := volume.Add(MustParse("disk(role)[VOLUME:2:path]:1;disk(role):10"))
	if err != nil || both.Len() != 3 || len(both.Volumes()) != 2 {
		t.Errorf("sum = %v, %v", both, err)
	}
	if _, err := volume.Add(volume); err == nil {
		t.Error("a volume that is not shared is added twice")
	}

	shared := MustParse("disk(role)[VOLUME:1:path]:50<SHARED>")
	twice, err := shared.Add(shared)
	if err != nil || twice.Len() != 1 || twice.Disk() != 50*Unit || !twice.Contains(shared) || shared.Contains(twice) {
		t.Errorf("two copies = %v, %v", twice, err)
	}
	if once, ok := twice.Sub(shared); !ok || !once.Equal(shared) {
		t.Errorf("one copy less = %v, %v", once, ok)
	}

	mount := MustParse("disk[MOUNT:/mnt]:10")
	if mount.Contains(MustParse("disk[MOUNT:/mnt]:5")) || mount.Contains(MustParse("disk:5")) {
		t.Error("a mount disk is divided")
	}
	if path := MustParse("disk[PATH:/mnt]:10"); !path.Contains(MustParse("disk[PATH:/mnt]:5")) {
		t.Error("a path disk is not divided")
	}
}

func TestMesosAttributes(t *testing.T) {
	a := MustParseAttributes("rack:abc;zone:west;os:centos5;level:10;keys:[1000-1500]")
	for name, want := range map[string]AttributeKind{
		"rack": AttributeText, "zone": AttributeText, "os": AttributeText, "level": AttributeScalar, "keys": AttributeRanges,
	} {
		if got, ok := a.Get(name); !ok || got.Kind != want {
			t.Errorf("%s = %v, %v; want a %s", name, got, ok, want)
		}
	}
	// ValuesTest.ValidInput
	if got, _ := MustParseAttributes("x:123abc,s").Get("x"); got.Text != "123abc,s" {
		t.Errorf("x = %v", got)
	}
}
