package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proffer-go/proffer/resources"
)

func TestParse(t *testing.T) {
	const file = `# a comment

echo a  b
{"name":"build","command":"make","resources":"cpus:2;mem:1GiB","retries":2,"timeout":"30s","env":{"A":"b"}}
  {"command":["ls","-l"],"after":["build","job-1"]}
`
	jobs, err := parse(strings.NewReader(file), "f", job{needs: resources.MustParse("cpus:1"), retries: 1})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, j := range jobs {
		got = append(got, strings.Join([]string{
			j.name, strings.Join(j.command.Argv(), "|"), j.needs.String(), time.Duration(j.retries).String(), j.timeout.String(), strings.Join(j.after, ","),
		}, " "))
	}
	want := []string{
		"job-1 /bin/sh|-c|echo a  b cpus:1 1ns 0s ",
		"build /bin/sh|-c|make cpus:2;mem:1024 2ns 30s ",
		"job-3 ls|-l cpus:1 1ns 0s build,job-1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if jobs[1].command.Env["A"] != "b" {
		t.Error("the environment was lost")
	}
}

func TestParseTellsEverythingThatIsWrong(t *testing.T) {
	for file, want := range map[string][]string{
		`{"command":"a"`:                            {"f:1:", "unexpected EOF"},
		`{"command":"a","colour":1}`:                {`f:1:1: job: json: unknown field "colour"`},
		`  {"command":"a" x}`:                       {"f:1:18: job: invalid character 'x'"},
		`{"command":"a"} b`:                         {"there is more on the line"},
		`{"name":"a b","command":"a"}`:              {"contains ' '"},
		`{"name":"x"}`:                              {"command is missing"},
		`{"command":7}`:                             {"command 7 is neither"},
		`{"command":""}`:                            {"command is empty"},
		`{"command":"a","retries":-1}`:              {"retries -1 is negative"},
		`{"command":"a","retries":"x"}`:             {"f:1:", "cannot unmarshal string"},
		`{"command":"a","timeout":"soon"}`:          {`invalid duration "soon"`},
		`{"command":"a","timeout":"-1s"}`:           {`timeout "-1s" is not above 0`},
		`{"command":"a","resources":"cpus:x"}`:      {"cpus"},
		`{"command":"a","resources":""}` + "\n\x00": {"f:2:1: command: \"\\x00\" contains a zero byte"},
		"a\n" + `{"name":"job-1","command":"a"}`:    {`f:2: the name "job-1" is that of line 1`},
		`{"command":"a","after":["b"]}`:             {`f:1: job "job-1" is after "b", which no job is called`},
		`{"name":"a","command":"x","after":["b"]}
{"name":"b","command":"x","after":["a"]}`: {"f: jobs wait for each other: a after b after a"},
		`{"name":"a","command":"x","after":["a"]}`: {"a after a"},
		`{"retries":-1}` + "\n" + `{"command":7}`:  {"f:1:1: command is missing", "retries -1", "f:2:1: command 7"},
		strings.Repeat("x", maxLine+1):             {"f:1: the line is longer than 1048576 bytes"},
	} {
		_, err := parse(strings.NewReader(file), "f", job{})
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%.60q: error does not say %q:\n%v", file, part, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("echo a\n# b\n")
	f.Add(`{"name":"a","command":["x"],"after":["b"],"resources":"cpus:1","timeout":"1s","retries":3}` + "\n" + `{"name":"b","command":"y"}`)
	f.Fuzz(func(t *testing.T, text string) {
		jobs, err := parse(strings.NewReader(text), "f", job{needs: resources.MustParse("cpus:1")})
		if err != nil {
			return
		}
		for _, j := range jobs {
			if j.name == "" || j.command.Validate() != nil || j.needs.IsEmpty() || j.retries < 0 {
				t.Errorf("%q was taken as %+v", text, j)
			}
		}
		newPlan(jobs, true) // what was taken can be planned
	})
}
