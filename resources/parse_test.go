package resources

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " ; ;": "", "cpus:0": "", "ports:[];fpgas:{}": "", "disk[MOUNT:/a]:0": "",
		"cpus:24;mem:4096;ports:[31000-32000];cpus(eng):4":        "cpus:24;cpus(eng):4;mem:4096;ports:[31000-32000]",
		" cpus : 1.50 ; mem : 3 \n;":                              "cpus:1.5;mem:3",
		"cpus:1;cpus:2.5":                                         "cpus:3.5",
		"cpus(*):1;cpus:2":                                        "cpus:3",
		"mem:4GiB;disk:1TiB":                                      "disk:1048576;mem:4096",
		"mem:128KiB":                                              "mem:0.125",
		"mem:512 MiB;disk:0.5GiB":                                 "disk:512;mem:512",
		"ports:[5-6, 1-2,3 - 3,9]":                                "ports:[1-3,5-6,9-9]",
		"ports:[1-10,2-3]":                                        "ports:[1-10]",
		"fpgas:{b, a}":                                            "fpgas:{a,b}",
		"cpus(eng/backend):1":                                     "cpus(eng/backend):1",
		"cpus( + eng @ alice { team = blue , on } ):1":            "cpus(+eng@alice{on,team=blue}):1",
		"cpus(eng,+eng/a{x=1}):1;cpus(eng,+eng/a{x=1}):2":         "cpus(eng,+eng/a{x=1}):3",
		`cpus(+eng@"al;ice"{"k="="v}"}):1`:                        `cpus(+eng@"al;ice"{"k="="v}"}):1`,
		"disk[PATH:/data]:100;disk[PATH:/data]:1":                 "disk[PATH:/data]:101",
		"disk[MOUNT:/a]:100;disk[MOUNT:/b]:100":                   "disk[MOUNT:/a]:100;disk[MOUNT:/b]:100",
		"disk(+eng)[MOUNT:/mnt/a,VOLUME:v1@alice:data:ro]:5":      "disk(+eng)[MOUNT:/mnt/a,VOLUME:v1@alice:data:ro]:5",
		"disk[VOLUME:v:d]:5<SHARED>;disk[VOLUME:v:d]:5<SHARED>*2": "disk[VOLUME:v:d]:5<SHARED>*3",
		"cpus:2{REV};cpus:1":                                      "cpus:1;cpus:2{REV}",
		"fpgas:{a}{REV};fpgas:{b}":                                "fpgas:{b};fpgas:{a}{REV}",
		"gpus:2.000":                                              "gpus:2",
		strings.Repeat("n", MaxNameLength) + ":1":                 strings.Repeat("n", MaxNameLength) + ":1",
	} {
		got, err := Parse(text)
		if err != nil {
			t.Errorf("Parse(%q): %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got.String()); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", text, diff)
		}
		if again, err := Parse(got.String()); err != nil || !again.Equal(got) {
			t.Errorf("Parse(%q).String() parses as %v, %v", text, again, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	long := strings.Repeat("n", 129)
	for text, want := range map[string]string{
		"cpus":                           `"cpus": nothing after the name: want ':'`,
		"cpus 4":                         `"cpus 4": '4' after the name: want ':'`,
		"cpus(eng)":                      `"cpus(eng)": nothing after the name: want ':'`,
		"cpus(eng:1":                     `"cpus(eng:1": ':' after a reservation: want ','`,
		"cpus)(eng:1":                    `"cpus)(eng:1": ')' after the name: want ':'`,
		"cpus():1":                       `"cpus():1": the role is missing: want letters, digits and _ / . - or a quoted text`,
		"cpus(*,eng):1":                  `"cpus(*,eng):1": ',' after the role "*": want ')'`,
		"cpus:":                          `"cpus:": a number is missing: want a decimal such as 4096 or 0.5`,
		"mem:1;cpus:-1":                  `"cpus:-1": number "-1" is negative`,
		"cpus:0.0001":                    `"cpus:0.0001": number "0.0001" is finer than a thousandth`,
		"cpus:1e300":                     `"cpus:1e300": "1e300" is not a number: want a decimal such as 4096 or 0.5`,
		"cpus:NaN":                       `"cpus:NaN": "NaN" is not a number: want a decimal such as 4096 or 0.5`,
		"cpus:1 2":                       `"cpus:1 2": '2' after the value: want ';' or the end`,
		"cpus:1]":                        `"cpus:1]": "1]" is not a number: want a decimal such as 4096 or 0.5`,
		":1":                             `":1": name is empty`,
		"cp us:1":                        `"cp us:1": 'u' after the name: want ':'`,
		"cpüs:1":                         `"cpüs:1": 'ü' after the name: want ':'`,
		long + ":1":                      `"` + long[:64] + `…": name "` + long[:64] + `…" has 129 bytes: at most 128`,
		"gpus:0.5":                       `"gpus:0.5": number 0.5 is not whole, as gpus must be`,
		"cpus:{a}":                       `"cpus:{a}": its kind is set: cpus are scalar`,
		"ports:4":                        `"ports:4": its kind is scalar: ports are ranges`,
		"cpus:4GiB":                      `"cpus:4GiB": unit "GiB": only mem and disk have units`,
		"mem:4GB":                        `"mem:4GB": unknown unit "GB": want KiB, MiB, GiB or TiB`,
		"mem:1KiB":                       `"mem:1KiB": 1 KiB are no whole number of thousandths of a MiB`,
		"mem:9e9TiB":                     `"mem:9e9TiB": "9e9" is not a number: want a decimal such as 4096 or 0.5`,
		"mem:9999999999TiB":              `"mem:9999999999TiB": 9999999999 TiB are too much: at most 9223372036854775.807 MiB`,
		"ports:[5-3]":                    `"ports:[5-3]": range 5-3 ends before it begins`,
		"ports:[1-2":                     `"ports:[1-2": nothing after a range: want ','`,
		"ports:[1-2]]":                   `"ports:[1-2]]": ']' after the value: want ';' or the end`,
		"ports:[1-2b]":                   `"ports:[1-2b]": 'b' after a range: want ','`,
		"ports:[-2]":                     `"ports:[-2]": '-' after "[", "," or "-": want a whole number`,
		"ports:[1-18446744073709551616]": `"ports:[1-18446744073709551616]": number "18446744073709551616" is too large: at most 18446744073709551615`,
		"ports:[0-18446744073709551615]": `"ports:[0-18446744073709551615]": range 0-18446744073709551615 has too many values: at most 9223372036854775 in all`,
		"fpgas:{a,a}":                    `"fpgas:{a,a}": item "a" is in the set twice`,
		"fpgas:{a,b}}":                   `"fpgas:{a,b}}": '}' after the value: want ';' or the end`,
		"fpgas:{a":                       `"fpgas:{a": nothing after an item: want ','`,
		`fpgas:{"a}`:                     `"fpgas:{\"a}": an item "a} has no end of its quotes or a bad escape`,
		`fpgas:{"\xff"}`:                 `"fpgas:{\"\\xff\"}": item "\xff" is not valid UTF-8`,
		`fpgas:{""}`:                     `"fpgas:{\"\"}": an item of the set is empty`,
		"cpus(a//b):1":                   `"cpus(a//b):1": role "a//b" has an empty component: want names separated by single slashes`,
		"cpus(a/..):1":                   `"cpus(a/..):1": role "a/.." has the component "..", which is reserved`,
		"cpus(-a):1":                     `"cpus(-a):1": role "-a" has a component that begins with a dash`,
		`cpus("a b"):1`:                  `"cpus(\"a b\"):1": role "a b" has white space or a control character`,
		"cpus(eng,+ops):1":               `"cpus(eng,+ops):1": reservation to "ops" does not refine that to "eng": want a role below it`,
		"cpus(eng,+engine):1":            `"cpus(eng,+engine):1": reservation to "engine" does not refine that to "eng": want a role below it`,
		"cpus(eng,+eng):1":               `"cpus(eng,+eng):1": reservation to "eng" does not refine that to "eng": want a role below it`,
		"cpus(eng,eng/a):1":              `"cpus(eng,eng/a):1": static reservation to "eng/a" refines another: only the outermost can be static`,
		"cpus(+eng{a,a}):1":              `"cpus(+eng{a,a}):1": label "a" is there twice`,
		"cpus(+eng{}):1":                 `"cpus(+eng{}):1": a label is missing: want letters, digits and _ / . - or a quoted text`,
		`cpus(+eng{"":"x"}):1`:           `"cpus(+eng{\"\":\"x\"}):1": ':' after a label: want ','`,
		`cpus(+eng{""=x}):1`:             `"cpus(+eng{\"\"=x}):1": a label has an empty key`,
		"cpus(+eng):1{REV}":              `"cpus(+eng):1{REV}": it is reserved at run time and revocable: what may be taken back cannot be reserved`,
		"cpus[MOUNT:/a]:1":               `"cpus[MOUNT:/a]:1": it has a kind of disk: only the resource "disk" has one`,
		"disk[/a]:1":                     `"disk[/a]:1": kind of disk is missing: want PATH, MOUNT or VOLUME with a colon`,
		"disk[PATH:]:1":                  `"disk[PATH:]:1": the path of the disk is missing: want letters, digits and _ / . - or a quoted text`,
		`disk[PATH:""]:1`:                `"disk[PATH:\"\"]:1": PATH disk has no path`,
		"disk[VOLUME:v]:1":               `"disk[VOLUME:v]:1": ']' after the id of the volume: want ':'`,
		`disk[VOLUME:"":d]:1`:            `"disk[VOLUME:\"\":d]:1": volume has no id`,
		`disk[VOLUME:v:""]:1`:            `"disk[VOLUME:v:\"\"]:1": volume "v" has no container path`,
		"disk[VOLUME:v:d:rw]:1":          `"disk[VOLUME:v:d:rw]:1": ':' after the volume: want ']'`,
		"disk[VOLUME:v:d]:1{REV}":        `"disk[VOLUME:v:d]:1{REV}": it is a volume and revocable: what may be taken back cannot persist`,
		"disk:1<SHARED>":                 `"disk:1<SHARED>": it is shared and no volume: only persistent volumes can be shared`,
		"disk[VOLUME:v:d]:1*2":           `"disk[VOLUME:v:d]:1*2": it has 2 copies and is not shared`,
		"disk[VOLUME:v:d]:1<SHARED>*0":   `"disk[VOLUME:v:d]:1<SHARED>*0": number of copies "0": want a whole number from 1`,
		"disk[VOLUME:v:d]:1<SHARED>*99999999999999999999": `"disk[VOLUME:v:d]:1<SHARED>*99999999999999999999": number of copies "99999999999999999999": want a whole number from 1`,
	} {
		_, err := Parse(text)
		checkError(t, text, err, ErrInvalid, "resources: invalid: "+want)
	}
	for _, test := range []struct {
		text string
		kind error
		want string
	}{
		{"x:1;x:{a}", ErrKind, "resources: kinds differ: x is scalar and set"},
		{"x(a):1;x(b):[1-2]", ErrKind, "resources: kinds differ: x is scalar and ranges"},
		{"cpus:9223372036854775;cpus:1", ErrOverflow, "resources: overflow: cpus: 9223372036854775 plus 1 is more than 9223372036854775.807"},
		{"cpus:9223372036854775;cpus(a):1", ErrOverflow, "resources: overflow: cpus: 9223372036854775 plus 1 is more than 9223372036854775.807"},
		{"ports:[1-5];ports:[5-6]", ErrTwice, "resources: counted twice: ports:[5-5]"},
		{"ports:[1-5];ports(a):[4-6]", ErrTwice, "resources: counted twice: ports:[4-5]"},
		{"x:{a,b};x:{b,c}", ErrTwice, "resources: counted twice: x:{b}"},
		{"x:{a,b};x(r):{b,c}", ErrTwice, "resources: counted twice: x:{b}"},
		{"disk[MOUNT:/a]:1;disk[MOUNT:/a]:1", ErrTwice, "resources: counted twice: disk[MOUNT:/a]:1"},
		{"disk[MOUNT:/a]:1;disk(r)[MOUNT:/a]:2", ErrTwice, `resources: counted twice: mount disk "/a"`},
		{"disk(r)[VOLUME:v:a]:1;disk(r)[VOLUME:v:a]:1", ErrTwice, "resources: counted twice: disk(r)[VOLUME:v:a]:1"},
		{"disk(r)[VOLUME:v:a]:1;disk(r)[VOLUME:v:b]:1", ErrTwice, `resources: counted twice: volume "v" of role "r"`},
		{"disk(r)[VOLUME:v:a]:1<SHARED>;disk(r)[VOLUME:v:a]:2<SHARED>", ErrTwice, "resources: counted twice: disk(r)[VOLUME:v:a]:1<SHARED>"},
		{
			"disk[VOLUME:v:d]:1<SHARED>*9223372036854775807;disk[VOLUME:v:d]:1<SHARED>", ErrOverflow,
			"resources: overflow: too many copies of disk[VOLUME:v:d]:1<SHARED>*9223372036854775807",
		},
	} {
		_, err := Parse(test.text)
		checkError(t, test.text, err, test.kind, test.want)
	}
}

// A volume's id is unique for a role only.
func TestVolumeIDsOfTwoRoles(t *testing.T) {
	if _, err := Parse("disk(a)[VOLUME:v:d]:1;disk(b)[VOLUME:v:d]:1"); err != nil {
		t.Error(err)
	}
}

func TestParseIsBounded(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("cpus:1;", 1<<20/7), strings.Repeat("(", 1<<20), strings.Repeat("9", 1<<20), strings.Repeat(" ", 1<<20),
	} {
		_, err := Parse(text)
		if !errors.Is(err, ErrInvalid) || len(err.Error()) > 500 || !strings.Contains(err.Error(), "at most 65536") {
			t.Errorf("1 MB of %q: %v", text[:1], err)
		}
	}
	// What is just within the bound is handled, whatever it consists of.
	for _, unit := range []string{"cpus:1;", ";", "(", "[", "x:[1-2", "9", "x:{\"", "\xff", "a,"} {
		text := strings.Repeat(unit, MaxTextLength/len(unit))
		if _, err := Parse(text); err != nil && len(err.Error()) > 500 {
			t.Errorf("error for %q… has %d bytes", unit, len(err.Error()))
		}
	}
}

func TestMustParsePanics(t *testing.T) {
	for name, f := range map[string]func(){
		"resources": func() { MustParse("cpus") }, "quantities": func() { MustParseQuantities("cpus") },
		"attributes": func() { MustParseAttributes("rack") },
	} {
		func() {
			defer func() {
				if err, ok := recover().(error); !ok || !errors.Is(err, ErrInvalid) {
					t.Errorf("%s: recovered %v, want an ErrInvalid", name, err)
				}
			}()
			f()
		}()
	}
}

func TestNewErrors(t *testing.T) {
	for _, test := range []struct {
		r    Resource
		want string
	}{
		{Resource{}, `resource "": name is empty`},
		{Resource{Name: "cpu s"}, `resource "cpu s": name "cpu s" has the character ' ': want letters, digits and _ / . -`},
		{Resource{Name: "cpus", Scalar: -1}, `resource "cpus": number -0.001 is negative`},
		{Resource{Name: "x", Kind: 7}, `resource "x": unknown kind 7: want scalar, ranges or set`},
		{Resource{Name: "x", Kind: KindSet, Scalar: 1}, `resource "x": its kind is set but it has a value of another kind`},
		{Resource{Name: "x", Ranges: Ranges{{1, 2}}}, `resource "x": its kind is scalar but it has a value of another kind`},
		{Resource{Name: "x", Set: []string{"a"}}, `resource "x": its kind is scalar but it has a value of another kind`},
		{Resource{Name: "disk", Disk: &DiskInfo{Path: "/a"}}, `resource "disk": root disk has the path "/a": only path and mount disks have one`},
		{Resource{Name: "disk", Disk: &DiskInfo{Kind: 9}}, `resource "disk": unknown kind of disk 9: want root, path or mount`},
		{Resource{Name: "x", Copies: -1}, `resource "x": it has -1 copies: want at least one`},
		{Resource{Name: "x", Reservations: []Reservation{{}}}, `resource "x": role is empty`},
		{Resource{Name: "x", Reservations: []Reservation{{Role: "*"}}}, `resource "x": role "*" has the component "*", which is reserved`},
		{Resource{Name: "x", Reservations: []Reservation{{Role: "a", Principal: "\xff"}}}, `resource "x": principal "\xff" is not valid UTF-8`},
	} {
		_, err := New(test.r)
		checkError(t, test.r, err, ErrInvalid, "resources: invalid: "+test.want)
	}
}

// What New gets and All yields may be changed without changing the value.
func TestNothingIsShared(t *testing.T) {
	input := []Resource{
		{Name: "ports", Kind: KindRanges, Ranges: Ranges{{5, 6}, {1, 2}}},
		{Name: "x", Kind: KindSet, Set: []string{"b", "a"}},
		{
			Name: "disk", Scalar: Unit, Reservations: []Reservation{{Role: "r", Dynamic: true, Labels: map[string]string{"k": "v"}}},
			Disk: &DiskInfo{Kind: DiskMount, Path: "/a", Volume: &Volume{ID: "v", ContainerPath: "d"}},
		},
	}
	spoil := func(r Resource) {
		for i := range r.Ranges {
			r.Ranges[i] = Range{99, 99}
		}
		for i := range r.Set {
			r.Set[i] = "spoiled"
		}
		for i := range r.Reservations {
			r.Reservations[i].Role = "spoiled"
			r.Reservations[i].Labels["k"] = "spoiled"
		}
		if r.Disk != nil {
			r.Disk.Path, r.Disk.Volume.ID = "spoiled", "spoiled"
		}
	}
	before := input[0].Ranges[0]
	r, err := New(input...)
	if err != nil {
		t.Fatal(err)
	}
	if input[0].Ranges[0] != before {
		t.Error("New has sorted the ranges that it was given")
	}
	const want = "disk(+r{k=v})[MOUNT:/a,VOLUME:v:d]:1;ports:[1-2,5-6];x:{a,b}"
	for _, x := range slices.Concat(input, slices.Collect(r.All()), r.Volumes()) {
		spoil(x)
	}
	for i := range r.Ports() {
		r.Ports()[i] = Range{}
	}
	r.Set("x")[0] = "spoiled"
	r.Filter(func(x Resource) bool { spoil(x); return true })
	if got := r.String(); got != want {
		t.Errorf("after changing copies: %s, want %s", got, want)
	}
	if again, err := Parse(want); err != nil || !again.Equal(r) {
		t.Errorf("it is not equal to its text any more: %v, %v", again, err)
	}
}
