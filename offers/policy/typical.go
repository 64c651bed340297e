package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/proffer-go/proffer/offers"
	"github.com/proffer-go/proffer/resources"
)

// Typical is a task of the kind that a cluster mostly runs; see [FGD].
type Typical struct {
	Shape  offers.Shape
	Weight float64 // its part of all typical tasks, above 0; together they are 1
}

// TypicalOf returns the most frequent shapes of past tasks, as many as make up
// that part of them: 0.95 leaves the rare ones out.
func TypicalOf(tasks []offers.Shape, part float64) []Typical {
	var list []Typical
	index := make(map[string]int)
	for _, shape := range tasks {
		key := fmt.Sprint(shape.Resources, shape.Devices, shape.Constraints)
		i, ok := index[key]
		if !ok {
			i = len(list)
			index[key] = i
			list = append(list, Typical{Shape: shape})
		}
		list[i].Weight++
	}
	slices.SortStableFunc(list, func(a, b Typical) int {
		return -cmp.Or( // the greater first
			cmp.Compare(a.Weight, b.Weight),
			cmp.Compare(a.Shape.Resources.Get(resources.CPUs), b.Shape.Resources.Get(resources.CPUs)),
			cmp.Compare(a.Shape.Devices.Each, b.Shape.Devices.Each),
			cmp.Compare(a.Shape.Devices.Count, b.Shape.Devices.Count),
			strings.Compare(a.Shape.Constraints.String(), b.Shape.Constraints.String()),
			strings.Compare(a.Shape.Resources.String(), b.Shape.Resources.String()))
	})
	sum, all := 0.0, float64(len(tasks))
	for i := range list {
		if sum >= part*all {
			list = list[:i]
			break
		}
		sum += list[i].Weight
	}
	for i := range list {
		list[i].Weight = list[i].Weight / all / (sum / all) // in this order rounds as the artifact of FGD does
	}
	return list
}
