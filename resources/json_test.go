package resources

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMarshalJSON(t *testing.T) {
	for text, want := range map[string]string{
		"":              `[]`,
		"cpus:0.5":      `[{"name":"cpus","type":"SCALAR","scalar":{"value":0.5}}]`,
		"ports:[1-2,9]": `[{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":1,"end":2},{"begin":9,"end":9}]}}]`,
		"x:{b,a}":       `[{"name":"x","type":"SET","set":{"item":["a","b"]}}]`,
		"cpus(eng,+eng/a@p{k=v,l}):1": `[{"name":"cpus","type":"SCALAR","scalar":{"value":1},"reservations":[{"type":"STATIC","role":"eng"},` +
			`{"type":"DYNAMIC","role":"eng/a","principal":"p","labels":{"labels":[{"key":"k","value":"v"},{"key":"l"}]}}]}]`,
		"cpus:1{REV}":      `[{"name":"cpus","type":"SCALAR","scalar":{"value":1},"revocable":{}}]`,
		"disk[PATH:/a]:1":  `[{"name":"disk","type":"SCALAR","scalar":{"value":1},"disk":{"source":{"type":"PATH","path":{"root":"/a"}}}}]`,
		"disk[MOUNT:/a]:1": `[{"name":"disk","type":"SCALAR","scalar":{"value":1},"disk":{"source":{"type":"MOUNT","mount":{"root":"/a"}}}}]`,
		"disk[VOLUME:v@p:d:ro]:1<SHARED>*2": `[{"name":"disk","type":"SCALAR","scalar":{"value":1},"disk":{"persistence":{"id":"v","principal":"p"},` +
			`"volume":{"mode":"RO","container_path":"d"}},"shared":{"copies":2}}]`,
		"big:9223372036854775.807": `[{"name":"big","type":"SCALAR","scalar":{"value":9223372036854775.807}}]`,
	} {
		r, err := Parse(text)
		if err != nil {
			t.Error(err)
			continue
		}
		data, err := json.Marshal(r)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(want, string(data)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		var again Resources
		if err := json.Unmarshal(data, &again); err != nil || !again.Equal(r) {
			t.Errorf("%s decodes as %v, %v", data, again, err)
		}
	}
}

func TestUnmarshalJSON(t *testing.T) {
	scalar := func(number string) string { return `[{"name":"x","type":"SCALAR","scalar":{"value":` + number + `}}]` }
	for data, want := range map[string]string{
		`null`: "kept:1", `[]`: "", scalar("0"): "", scalar("1.5"): "x:1.5", scalar("1e3"): "x:1000",
		// How Mesos writes 0.3 and 45.55.
		scalar("0.29999999999999999"): "x:0.3", scalar("45.549999999999997"): "x:45.55",
		`[{"name":"x","type":"SCALAR","scalar":{"value":1},"role":"*"}]`:                                        "x:1",
		`[{"name":"x","type":"SCALAR","scalar":{"value":1},"role":"eng"}]`:                                      "x(eng):1",
		`[{"name":"x","type":"SCALAR","scalar":{"value":1},"role":"eng","reservation":{"principal":"p"}}]`:      "x(+eng@p):1",
		`[{"name":"x","type":"SCALAR","scalar":{"value":1}},{"name":"x","type":"SCALAR","scalar":{"value":2}}]`: "x:3",
	} {
		r := MustParse("kept:1")
		if err := json.Unmarshal([]byte(data), &r); err != nil || r.String() != want {
			t.Errorf("%s decodes as %v, %v; want %s", data, r, err, want)
		}
	}
}

func TestUnmarshalJSONErrors(t *testing.T) {
	resource := func(rest string) string { return `[{"name":"disk","type":"SCALAR","scalar":{"value":1},` + rest + `}]` }
	for data, want := range map[string]string{
		`{}`:                           "JSON: json: cannot unmarshal object into Go value of type []resources.wireResource",
		`[] []`:                        "JSON: something follows the array",
		"[\"\xff\"]":                   "JSON is not valid UTF-8",
		`[{}]`:                         `resource "": type "": want one of RANGES, SCALAR, SET`,
		`[{"name":"x","type":"TEXT"}]`: `resource "x": type "TEXT": want one of RANGES, SCALAR, SET`,
		`[{"name":"x","type":"SET"}]`:  `resource "x": its type is SET but it has no value of that type`,
		`[{"name":"x","type":"SET","set":{"item":["a"]},"scalar":{"value":1}}]`:                                  `resource "x": its type is SET but it has a value of type SCALAR`,
		`[{"name":"x","type":"SET","set":{"item":["a","a"]}}]`:                                                   `resource "x": item "a" is in the set twice`,
		`[{"name":"x","type":"SCALAR","scalar":{}}]`:                                                             `resource "x": a number is missing: want a decimal such as 4096 or 0.5`,
		`[{"name":"x","type":"SCALAR","scalar":{"value":-1}}]`:                                                   `resource "x": number "-1" is negative`,
		`[{"name":"x","type":"SCALAR","scalar":{"value":0.0001}}]`:                                               `resource "x": number "0.0001" is finer than a thousandth`,
		`[{"name":"x","type":"SCALAR","scalar":{"value":0.30000000000000004}}]`:                                  `resource "x": number "0.30000000000000004" is finer than a thousandth`,
		`[{"name":"x","type":"SCALAR","scalar":{"value":1e300}}]`:                                                `resource "x": "1e300" is not a number: want a decimal such as 4096 or 0.5`,
		`[{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":5,"end":3}]}}]`:                            `resource "ports": range 5-3 ends before it begins`,
		`[{"name":"x","type":"SCALAR","scalar":{"value":1},"unknown":1}]`:                                        `JSON: json: unknown field "unknown"`,
		resource(`"role":"a","reservations":[{"type":"STATIC","role":"a"}]`):                                     `resource "disk": it has reservations as well as the older role or reservation: want one of them`,
		resource(`"role":"a","reservation":{"role":"a"}`):                                                        `resource "disk": its reservation has a type or role of its own: want reservations instead`,
		resource(`"reservation":{}`):                                                                             `resource "disk": role is empty`,
		resource(`"reservations":[{"role":"a"}]`):                                                                `resource "disk": reservation type "": want STATIC or DYNAMIC`,
		resource(`"reservations":[{"type":"DYNAMIC","role":"a","labels":{"labels":[{"key":"k"},{"key":"k"}]}}]`): `resource "disk": label "k" is there twice`,
		resource(`"disk":{"source":{"type":"BLOCK"}}`):                                                           `resource "disk": source of disk is of type "BLOCK": want PATH with path or MOUNT with mount`,
		resource(`"disk":{"source":{"type":"PATH","mount":{"root":"/a"}}}`):                                      `resource "disk": source of disk is of type "PATH": want PATH with path or MOUNT with mount`,
		resource(`"disk":{"persistence":{"id":"v"}}`):                                                            `resource "disk": disk has persistence without volume or volume without persistence: want both for a persistent volume`,
		resource(`"disk":{"persistence":{"id":"v"},"volume":{"container_path":"d"}}`):                            `resource "disk": mode "" of the volume: want RW or RO`,
		resource(`"shared":{}`):                                                                                  `resource "disk": it is shared and no volume: only persistent volumes can be shared`,
	} {
		r := MustParse("kept:1")
		err := r.UnmarshalJSON([]byte(data))
		checkError(t, data, err, ErrInvalid, "resources: invalid: "+want)
		if r.String() != "kept:1" {
			t.Errorf("%s: the value has become %v", data, r)
		}
	}
	var r Resources
	err := r.UnmarshalJSON([]byte(strings.Repeat(" ", MaxJSONLength+1)))
	checkError(t, "1 MiB", err, ErrInvalid, "resources: invalid: JSON has 1048577 bytes: at most 1048576")
	err = r.UnmarshalJSON([]byte(`[{"name":"x","type":"SCALAR","scalar":{"value":1}},{"name":"x","type":"SET","set":{"item":["a"]}}]`))
	checkError(t, "two kinds", err, ErrKind, "resources: kinds differ: x is scalar and set")
}

func TestAttributesJSON(t *testing.T) {
	a := MustParseAttributes("rack:r1;level:2.5;keys:[1-2];x:{b}")
	data, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"name":"keys","type":"RANGES","ranges":{"range":[{"begin":1,"end":2}]}},` +
		`{"name":"level","type":"SCALAR","scalar":{"value":2.5}},` +
		`{"name":"rack","type":"TEXT","text":{"value":"r1"}},{"name":"x","type":"SET","set":{"item":["b"]}}]`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for data, want := range map[string]string{
		`{}`:                           "JSON: json: cannot unmarshal object into Go value of type []resources.wireAttribute",
		`[{"name":"a"}]`:               `attribute "a": type "": want one of RANGES, SCALAR, SET, TEXT`,
		`[{"name":"a","type":"TEXT"}]`: `attribute "a": its type is TEXT but it has no value of that type`,
		`[{"name":"","type":"TEXT","text":{"value":"b"}}]`:     `attribute "": name is empty`,
		`[{"name":"a","type":"SCALAR","scalar":{"value":-1}}]`: `attribute "a": number "-1" is negative`,
		`[{"name":"a","type":"RANGES","ranges":{"range":[]}}]`: `attribute "a": it has no ranges`,
	} {
		err := a.UnmarshalJSON([]byte(data))
		checkError(t, data, err, ErrInvalid, "resources: invalid: "+want)
	}
	if err := json.Unmarshal([]byte("null"), &a); err != nil || a.Len() != 4 {
		t.Errorf("null decodes as %v, %v", a, err)
	}
}

// The kind of an error is found through what encoding/json wraps around it.
func TestJSONErrorKinds(t *testing.T) {
	var x struct{ R Resources }
	err := json.Unmarshal([]byte(`{"R":[{"name":"","type":"SCALAR","scalar":{"value":1}}]}`), &x)
	if !errors.Is(err, ErrInvalid) {
		t.Errorf("%v is no ErrInvalid", err)
	}
}
