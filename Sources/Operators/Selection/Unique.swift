import LatheDiagnostics
import LatheIR
import LatheTensors

/// The different elements of a tensor, or slices along one axis, with where each is first found, which of them each element
/// or slice is, and how often each occurs.
///
/// NaN equals NaN and comes last; complex numbers are ordered by their real part and then their imaginary part.
public struct Unique: Evaluable {
  public static let schema = OperatorSchema(
    "Unique", since: 28,
    inputs: [.init("X", "T", .movable)],
    outputs: [
      .init("Y", "T", .movable), .init("indices", "", .int64, .optional),
      .init("inverse_indices", "", .int64, .optional),
      .init("counts", "", .int64, .optional),
    ],
    attributes: ["axis": .integer, "sorted": .integer])

  /// The axis whose slices are compared, negative counting from the back; all elements are, if there is none.
  public var axis: Int?
  /// Whether the result ascends, rather than keeping the order of first occurrence.
  public var isSorted: Bool

  public init(axis: Int? = nil, isSorted: Bool = true) {
    self.axis = axis
    self.isSorted = isSorted
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis")
    isSorted = try attributes.flag("sorted", default: true)
  }

  public func encode(into attributes: inout Attributes) {
    if let axis { attributes.set("axis", axis) }
    if !isSorted { attributes.set("sorted", false) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    let given = try inputs.optional(0)?.constant.map { (tensor) throws(Diagnostic) in try slices(of: tensor) }
    let count: Dimension = given.map { .known($0.groups.count) } ?? .unknown
    let items: Dimension
    var shape: Shape?
    if let axis {
      shape = type.shape
      if let rank = type.rank { shape?[try normalized(axis: axis, rank: rank)] = count }
      items =
        try type.shape.map { (shape) throws(Diagnostic) in
          shape[try normalized(axis: axis, rank: shape.count)]
        } ?? .unknown
    } else {
      shape = [count]
      items = type.shape?.product ?? .unknown
    }
    let counts = ValueType.tensor(TensorType(.int64, [count]))
    return [.tensor(TensorType(type.dtype, shape)), counts, .tensor(TensorType(.int64, [items])), counts]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let slices = try slices(of: x)
    let (source, length) = (slices.source, slices.length)
    let packed = try Tensor(
      dtype: x.dtype, shape: [slices.groups.count] + source.shape.dropFirst(), copying: [source]
    ) { emit in
      for group in slices.groups { emit(ElementRun(source: 0, start: group.first * length, count: length)) }
    }
    let firsts = try Tensor(slices.groups.map { Int64($0.first) }, shape: [slices.groups.count])
    let counts = try Tensor(slices.groups.map { Int64($0.count) }, shape: [slices.groups.count])
    let inverse = try Tensor(slices.membership.map(Int64.init), shape: [slices.membership.count])
    return [try restored(packed, x.rank), firsts, inverse, counts]
  }

  /// The axis of slices moved back to its place.
  private func restored(_ packed: Tensor, _ rank: Int) throws(Diagnostic) -> Tensor {
    guard let axis else { return packed }
    let place = try normalized(axis: axis, rank: rank)
    guard place > 0 else { return packed }
    let order = Array(1...place) + [0] + Array(place + 1..<rank)
    return try packed.gathered(by: StridedLayout(contiguous: packed.shape).permuted(order))
  }

  /// The slices of `x` and which of them are equal.
  private func slices(of x: Tensor) throws(Diagnostic) -> EqualSlices {
    let source: Tensor
    if let axis {
      let place = try normalized(axis: axis, rank: x.rank)
      let order = [place] + x.shape.indices.filter { $0 != place }
      source = place == 0 ? x : try x.gathered(by: StridedLayout(contiguous: x.shape).permuted(order))
    } else {
      source = try x.reshaped(to: [x.elementCount])
    }
    guard let keys = OrderedKeys(source) else { throw name.unsupported(x.dtype) }
    return EqualSlices(source, keys, isSorted: isSorted)
  }
}

/// The slices of a tensor along its first axis, equal ones together.
private struct EqualSlices {
  let source: Tensor
  /// Elements of a slice.
  let length: Int
  /// Where each different slice is first found, and how often it occurs.
  private(set) var groups: [(first: Int, count: Int)] = []
  /// The number of each slice's group.
  private(set) var membership: [Int]

  init(_ source: Tensor, _ keys: OrderedKeys, isSorted: Bool) {
    self.source = source
    let count = source.shape.first ?? 0
    length = source.shape.dropFirst().reduce(1, *)
    membership = [Int](repeating: 0, count: count)
    let (width, values) = (length * keys.width, keys.keys)
    /// Negative, 0 or positive as slice `a` comes before, with or after slice `b`.
    func compare(_ a: Int, _ b: Int) -> Int {
      for offset in 0..<width {
        let (one, other) = (values[a * width + offset], values[b * width + offset])
        if one != other { return one < other ? -1 : 1 }
      }
      return 0
    }
    let order = (0..<count).sorted { a, b in
      let outcome = compare(a, b)
      return outcome == 0 ? a < b : outcome < 0
    }
    for (place, index) in order.enumerated() {
      if place == 0 || compare(order[place - 1], index) != 0 { groups.append((index, 0)) }
      groups[groups.count - 1].count += 1
      membership[index] = groups.count - 1
    }
    if !isSorted { keepOriginalOrder() }
  }

  private mutating func keepOriginalOrder() {
    let order = groups.indices.sorted { groups[$0].first < groups[$1].first }
    var places = [Int](repeating: 0, count: groups.count)
    for (place, group) in order.enumerated() { places[group] = place }
    groups = order.map { groups[$0] }
    membership = membership.map { places[$0] }
  }
}
