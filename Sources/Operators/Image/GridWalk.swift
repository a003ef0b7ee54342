import LatheTensors

/// The points of a grid and the elements of an image that each of them reads.
struct GridWalk {
  typealias Tap = (offset: Int, weight: Double)

  let sampler: GridSample
  let extents: [Int]
  let coordinates: [Double]
  /// Points of the grid of one sample.
  let points: Int
  /// Elements of one channel.
  let imageSize: Int
  private let strides: [Int]

  init(sampler: GridSample, extents: [Int], coordinates: [Double], points: Int) {
    self.sampler = sampler
    self.extents = extents
    self.coordinates = coordinates
    self.points = points
    imageSize = extents.reduce(1, *)
    strides = StridedLayout.rowMajorStrides(extents)
  }

  /// The elements for a point, counted over all samples, as offsets in a channel; what is outside and zero is left out.
  func taps(_ point: Int) -> [Tap] {
    var result: [Tap] = [(0, 1)]
    for axis in extents.indices {
      // Coordinates are listed from the innermost axis outwards.
      let coordinate = coordinates[(point + 1) * extents.count - 1 - axis]
      let own = taps(along: axis, coordinate)
      result = result.flatMap { outer in
        own.map { (outer.offset + $0.offset * strides[axis], outer.weight * $0.weight) }
      }
    }
    return result
  }

  private func taps(along axis: Int, _ coordinate: Double) -> [Tap] {
    let extent = extents[axis]
    let size = Double(extent)
    var place = sampler.alignsCorners ? (coordinate + 1) / 2 * (size - 1) : ((coordinate + 1) * size - 1) / 2
    // NaN is nowhere; what is very far is as good as far.
    place = place.isNaN ? -1e12 : Swift.min(Swift.max(place, -1e12), 1e12)
    if sampler.mode == .nearest { place = place.rounded(.toNearestOrEven) }
    switch sampler.padding {
    case .zeros: break
    case .border: place = Swift.min(Swift.max(place, 0), size - 1)
    case .reflection: place = reflected(place, extent)
    }
    let base = Int(place.rounded(.down))
    let ratio = place - place.rounded(.down)
    let weights: [(Int, Double)] =
      switch sampler.mode {
      case .nearest: [(Int(place), 1)]
      case .linear: [(base, 1 - ratio), (base + 1, ratio)]
      case .cubic: [-1, 0, 1, 2].map { (base + $0, Self.cubic(abs(Double($0) - ratio))) }
      }
    return weights.compactMap { index, weight in inside(index, extent).map { ($0, weight) } }
  }

  /// The element that is read at an index; nil for zero.
  private func inside(_ index: Int, _ extent: Int) -> Int? {
    if (0..<extent).contains(index) { return index }
    switch sampler.padding {
    case .zeros: return nil
    case .border: return Swift.min(Swift.max(index, 0), extent - 1)
    case .reflection: return Swift.min(Swift.max(Int(reflected(Double(index), extent)), 0), extent - 1)
    }
  }

  /// A place thrown back at both ends until it is inside.
  private func reflected(_ place: Double, _ extent: Int) -> Double {
    let low = sampler.alignsCorners ? 0 : -0.5
    let high = sampler.alignsCorners ? Double(extent - 1) : Double(extent) - 0.5
    guard place < low || place > high else { return place }
    let span = high - low
    guard span > 0 else { return low }
    let distance = (place < low ? low - place : place - high).truncatingRemainder(dividingBy: 2 * span)
    let inward = distance <= span ? distance : 2 * span - distance
    return place < low ? low + inward : high - inward
  }

  /// Keys' convolution kernel with a = −0.75.
  private static func cubic(_ x: Double) -> Double {
    let a = -0.75
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }
}
