package located_test

import (
	"strings"
	"testing"

	"github.com/proffer-go/proffer/examples/replay/internal/located"
)

func TestCSVErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "t.csv:1:1: the file is empty: want a header with name, n"},
		{"name,x\n", `t.csv:1:1: column "n" is missing: the header is name,x`},
		{"name,n\na,b\n", `t.csv:2:3: column "n": want a whole number from 0 to 9, got "b"`},
		{"name,n\na,1\nab,10\n", `t.csv:3:4: column "n": want a whole number from 0 to 9, got "10"`},
		{"name,n\na,1\nab\n", "t.csv:3:1: wrong number of fields"},
		{"name,n\na,\"1\n", `t.csv:2:6: extraneous or missing " in quoted-field`},
	}
	for _, tt := range tests {
		_, err := sum(tt.text)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q: error %v, want %s", tt.text, err, tt.want)
		}
	}
	if total, err := sum("other,n,name\nx,4,a\ny,5,b\n"); err != nil || total != 9 {
		t.Errorf("sum %d, %v: want 9", total, err)
	}
}

func sum(text string) (total int64, err error) {
	table, err := located.CSV("t.csv", strings.NewReader(text), "name", "n")
	if err != nil {
		return 0, err
	}
	for {
		more, err := table.Next()
		if err != nil || !more {
			return total, err
		}
		n, err := table.Int("n", 0, 9)
		if err != nil {
			return total, err
		}
		total += n
	}
}
