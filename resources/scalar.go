package resources

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Scalar is an amount in thousandths: 0.5 CPUs are Scalar(500), 1 MiB of
// memory is Scalar(1000). Amounts are exact; they are never negative inside of
// a [Resources].
type Scalar int64

// Unit is the scalar 1: 3*Unit is 3 CPUs or 3 MiB.
const Unit Scalar = 1000

// MaxScalar is the greatest amount: 9223372036854775.807.
const MaxScalar Scalar = math.MaxInt64

// ParseScalar parses a decimal such as "4096" or "0.5". A sign, an exponent, a
// value finer than a thousandth or above [MaxScalar] is an error.
func ParseScalar(s string) (Scalar, error) {
	v, err := parseScalar(s)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return v, nil
}

func parseScalar(s string) (Scalar, error) {
	whole, rest, err := parseDigits(s)
	if err != nil {
		return 0, err
	}
	thousandths, err := parseFraction(s, rest)
	if err != nil {
		return 0, err
	}
	if whole > uint64(MaxScalar/Unit) || whole*1000+thousandths > uint64(MaxScalar) {
		return 0, tooLarge(s)
	}
	return Scalar(whole*1000 + thousandths), nil
}

// parseDigits reads the leading digits of s and returns what follows them.
func parseDigits(s string) (v uint64, rest string, err error) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		if v > math.MaxUint64/10-1 {
			return 0, "", tooLarge(s)
		}
		v = v*10 + uint64(s[i]-'0')
		i++
	}
	switch {
	case i > 0:
		return v, s[i:], nil
	case len(s) > 1 && s[0] == '-' && isDigit(s[1]):
		return 0, "", fmt.Errorf("number %q is negative", excerpt(s))
	default:
		return 0, "", notDecimal(s)
	}
}

func parseFraction(s, fraction string) (thousandths uint64, err error) {
	if fraction == "" {
		return 0, nil
	}
	if fraction[0] != '.' || len(fraction) == 1 {
		return 0, notDecimal(s)
	}
	place := uint64(100)
	for i := 1; i < len(fraction); i++ {
		c := fraction[i]
		if !isDigit(c) {
			return 0, notDecimal(s)
		}
		if c != '0' && place == 0 {
			return 0, fmt.Errorf("number %q is finer than a thousandth", excerpt(s))
		}
		thousandths += uint64(c-'0') * place
		place /= 10
	}
	return thousandths, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func tooLarge(s string) error {
	return fmt.Errorf("number %q is too large: at most %s", excerpt(s), MaxScalar)
}

func notDecimal(s string) error {
	if s == "" {
		return errors.New("a number is missing: want a decimal such as 4096 or 0.5")
	}
	return fmt.Errorf("%q is not a number: want a decimal such as 4096 or 0.5", excerpt(s))
}

// ScalarOf rounds v to the nearest thousandth, as Mesos does. NaN, a negative
// value, one above [MaxScalar] and one that is not zero but rounds to it are
// errors.
func ScalarOf(v float64) (Scalar, error) {
	switch thousandths := math.Round(v * 1000); {
	case math.IsNaN(v):
		return 0, fmt.Errorf("%w: number is NaN", ErrInvalid)
	case v < 0:
		return 0, fmt.Errorf("%w: number %v is negative", ErrInvalid, v)
	case thousandths >= math.MaxInt64:
		return 0, fmt.Errorf("%w: number %v is too large: at most %s", ErrInvalid, v, MaxScalar)
	case thousandths == 0 && v > 0:
		return 0, fmt.Errorf("%w: number %v is finer than a thousandth", ErrInvalid, v)
	default:
		return Scalar(thousandths), nil
	}
}

// Float returns the nearest float64, for display and for ratios.
func (s Scalar) Float() float64 { return float64(s) / 1000 }

// String returns the shortest decimal: "4096", "0.5".
func (s Scalar) String() string { return string(s.append(nil)) }

func (s Scalar) append(b []byte) []byte {
	v := uint64(s)
	if s < 0 {
		b = append(b, '-')
		v = -v
	}
	b = strconv.AppendUint(b, v/1000, 10)
	fraction := v % 1000
	if fraction == 0 {
		return b
	}
	b = append(b, '.', byte('0'+fraction/100))
	if fraction %= 100; fraction != 0 {
		b = append(b, byte('0'+fraction/10))
		if fraction %= 10; fraction != 0 {
			b = append(b, byte('0'+fraction))
		}
	}
	return b
}

// overflow says that two amounts of the named resource are too much together.
func overflow(name string, a, b Scalar) error {
	return fmt.Errorf("%w: %s: %s plus %s is more than %s", ErrOverflow, name, a, b, MaxScalar)
}
