package embedded

import (
	"fmt"

	"github.com/proffer-go/proffer/resources"
)

// part returns the i-th of n equal parts of a machine: of every scalar as much,
// of the ports a block of their own.
func part(machine resources.Resources, i, n int) (resources.Resources, error) {
	var list []resources.Resource
	for name, amount := range machine.Scalars() {
		share := amount / resources.Scalar(n)
		if name == resources.Mem || name == resources.Disk {
			share -= share % resources.Unit // whole MiB are good to read
		}
		list = append(list, resources.Resource{Name: name, Scalar: share})
	}
	ports := machine.Ports()
	size := ports.Count() / uint64(n)
	if size > 0 {
		list = append(list, resources.Resource{Name: resources.Ports, Kind: resources.KindRanges, Ranges: block(ports, uint64(i)*size, size)})
	}
	r, err := resources.New(list...)
	if err != nil {
		return r, fmt.Errorf("embedded: a part of this machine: %w", err)
	}
	return r, nil
}

// block returns size values of r, after the first skip ones.
func block(r resources.Ranges, skip, size uint64) resources.Ranges {
	var taken resources.Ranges
	for _, rg := range r {
		count := rg.End - rg.Begin + 1
		if skip >= count {
			skip -= count
			continue
		}
		begin := rg.Begin + skip
		end := min(rg.End, begin+size-1)
		taken = append(taken, resources.Range{Begin: begin, End: end})
		size -= end - begin + 1
		skip = 0
		if size == 0 {
			break
		}
	}
	return taken
}
