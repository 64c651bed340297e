package resources

import (
	"errors"
	"math"
	"testing"
	"testing/quick"
)

func TestParseScalar(t *testing.T) {
	for text, want := range map[string]Scalar{
		"0": 0, "0.0": 0, "1": 1000, "007": 7000, "0.5": 500, "0.05": 50, "0.005": 5, "24.375": 24375,
		"1.5000": 1500, "4096": 4096000, "9223372036854775.807": MaxScalar,
	} {
		if got, err := ParseScalar(text); err != nil || got != want {
			t.Errorf("ParseScalar(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestParseScalarErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "a number is missing: want a decimal such as 4096 or 0.5",
		"-1":                     `number "-1" is negative`,
		"0.0001":                 `number "0.0001" is finer than a thousandth`,
		"1.50001":                `number "1.50001" is finer than a thousandth`,
		"9223372036854775.808":   `number "9223372036854775.808" is too large: at most 9223372036854775.807`,
		"9223372036854776":       `number "9223372036854776" is too large: at most 9223372036854775.807`,
		"18446744073709551616":   `number "18446744073709551616" is too large: at most 9223372036854775.807`,
		"99999999999999999999.1": `number "99999999999999999999.1" is too large: at most 9223372036854775.807`,
		"1e300":                  `"1e300" is not a number: want a decimal such as 4096 or 0.5`,
		"NaN":                    `"NaN" is not a number: want a decimal such as 4096 or 0.5`,
		"Inf":                    `"Inf" is not a number: want a decimal such as 4096 or 0.5`,
		"+1":                     `"+1" is not a number: want a decimal such as 4096 or 0.5`,
		".5":                     `".5" is not a number: want a decimal such as 4096 or 0.5`,
		"5.":                     `"5." is not a number: want a decimal such as 4096 or 0.5`,
		"1.2.3":                  `"1.2.3" is not a number: want a decimal such as 4096 or 0.5`,
		"1\t":                    `"1\t" is not a number: want a decimal such as 4096 or 0.5`,
		"0x10":                   `"0x10" is not a number: want a decimal such as 4096 or 0.5`,
	} {
		_, err := ParseScalar(text)
		checkError(t, text, err, ErrInvalid, "resources: invalid: "+want)
	}
}

func TestScalarOf(t *testing.T) {
	for v, want := range map[float64]Scalar{
		0: 0, math.Copysign(0, -1): 0, 0.1 + 0.2: 300, 1.5014: 1501, 1.5015: 1502, 0.0005: 1, 4096: 4096000,
		9e15: 9e18,
	} {
		if got, err := ScalarOf(v); err != nil || got != want {
			t.Errorf("ScalarOf(%v) = %d, %v; want %d", v, got, err, want)
		}
	}
	for v, want := range map[float64]string{
		-1:                          "number -1 is negative",
		-0.0001:                     "number -0.0001 is negative",
		0.0001:                      "number 0.0001 is finer than a thousandth",
		math.SmallestNonzeroFloat64: "number 5e-324 is finer than a thousandth",
		1e300:                       "number 1e+300 is too large: at most 9223372036854775.807",
		math.MaxInt64 / 1000.0:      "number 9.223372036854776e+15 is too large: at most 9223372036854775.807",
		math.Inf(1):                 "number +Inf is too large: at most 9223372036854775.807",
		math.Inf(-1):                "number -Inf is negative",
	} {
		_, err := ScalarOf(v)
		checkError(t, v, err, ErrInvalid, "resources: invalid: "+want)
	}
	_, err := ScalarOf(math.NaN())
	checkError(t, "NaN", err, ErrInvalid, "resources: invalid: number is NaN")
}

func TestScalarString(t *testing.T) {
	for v, want := range map[Scalar]string{
		0: "0", 1: "0.001", 10: "0.01", 100: "0.1", 120: "0.12", 1000: "1", 1010: "1.01", 4096000: "4096", -1500: "-1.5",
		MaxScalar: "9223372036854775.807", math.MinInt64: "-9223372036854775.808",
	} {
		if got := v.String(); got != want {
			t.Errorf("Scalar(%d).String() = %q, want %q", int64(v), got, want)
		}
	}
	if got := Scalar(500).Float(); got != 0.5 {
		t.Errorf("Float() = %v, want 0.5", got)
	}
}

func TestScalarRoundTrip(t *testing.T) {
	same := func(v int64) bool {
		want := Scalar(v & math.MaxInt64)
		got, err := ParseScalar(want.String())
		return err == nil && got == want
	}
	if err := quick.Check(same, nil); err != nil {
		t.Error(err)
	}
}

func checkError(t *testing.T, input any, err, kind error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("%v:\n got error %v\nwant       %s", input, err, want)
	} else if !errors.Is(err, kind) {
		t.Errorf("%v: error %v is not of kind %v", input, err, kind)
	}
}
