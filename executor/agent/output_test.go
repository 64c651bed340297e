package agent

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLinesAreCutWhereTheyEnd(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	for _, tc := range []struct {
		name   string
		writes []string
		want   []string
	}{
		{"lines", []string{"a\nb\n"}, []string{"a", "b"}},
		{"pieces", []string{"a", "b\nc", "", "\n"}, []string{"ab", "c"}},
		{"empty lines", []string{"\n\na\n\n"}, []string{"", "", "a", ""}},
		{"no end", []string{"a\nb"}, []string{"a", "b"}},
		{"nothing", nil, nil},
		{"as long as may be", []string{long + "\n"}, []string{long}},
		{"too long", []string{long + "yz\n"}, []string{long, "yz"}},
		{"too long in pieces", []string{long, "yz\n"}, []string{long, "yz"}},
		{"far too long", []string{long + long + "y"}, []string{long, long, "y"}},
	} {
		var got []string
		l := &liner{emit: func(line Line) { got = append(got, line.Text) }}
		for _, w := range tc.writes {
			if n, err := l.Write([]byte(w)); n != len(w) || err != nil {
				t.Errorf("%s: Write: %d, %v", tc.name, n, err)
			}
		}
		l.flush()
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: lines (-want +got):\n%s", tc.name, diff)
		}
	}
}
