import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// Proves an operator's axis map on actual inputs: dropping an index before the operator gives what dropping it behind gives.
public struct AxisProof {
  let op: any Evaluable & AxisMapping
  let inputs: [Tensor?]
  let outputs: [Tensor]
  let tolerance: Tolerance

  /// - Parameter outputs: what the operator gives for the inputs.
  public init(op: any Evaluable & AxisMapping, inputs: [Tensor?], outputs: [Tensor], tolerance: Tolerance) {
    self.op = op
    self.inputs = inputs
    self.outputs = outputs
    self.tolerance = tolerance
  }

  /// What contradicts the map; nil if nothing does, or if the operator tells no map for these inputs.
  public func problem() throws -> String? {
    // Cutting results of this size index by index would prove no more, and take minutes.
    guard outputs.allSatisfy({ $0.elementCount <= 1 << 16 && $0.shape.allSatisfy { $0 <= 1 << 16 } }) else { return nil }
    let types = outputs.map { TensorType(of: $0) }
    guard let map = op.axisMap(inputs.map { $0.map { Operand($0) } }, types) else { return nil }
    for (position, axes) in map.inputs.enumerated() {
      guard let axes, let tensor = inputs[position] else { continue }
      if let problem = fits(axes, tensor.shape, map) { return "operand \(position): \(problem)" }
    }
    for (position, axes) in map.outputs.enumerated() {
      guard let axes, position < outputs.count else { continue }
      if let problem = fits(axes, outputs[position].shape, map) { return "result \(position): \(problem)" }
    }
    for atom in map.atoms.indices {
      guard let extent = map.atoms[atom].extent.known, extent >= 2 else { continue }
      for index in Set([0, extent - 1]) {
        guard let difference = try difference(dropping: index, of: atom, map) else { continue }
        return "\(map.atoms[atom].role) atom \(atom) of \(extent), without index \(index): \(difference)"
      }
    }
    return nil
  }

  private func fits(_ axes: [AxisMap.Axis], _ shape: [Int], _ map: AxisMap) -> String? {
    let extents = axes.map { map.extent(of: $0) }
    return extents == shape.map { .known($0) } ? nil : "axes of \(extents) for a shape of \(shape)"
  }

  private func difference(dropping index: Int, of atom: Int, _ map: AxisMap) throws -> String? {
    var before = inputs
    var dropped = index
    switch map.atoms[atom].role {
    case .carried: break
    case .contracted:
      for position in before.indices { before[position] = try zeroed(before[position], map.inputs[position], index, atom, map) }
    case .recurrent(let operand, let axis):
      guard let tensor = before[operand] else { return nil }
      before[operand] = try zeroed(tensor, axis, [index])
    case .lookedUp(let operand):
      guard let numbers = before[operand]?.integers(), let tensor = before[operand],
        let free = (0..<(map.atoms[atom].extent.known ?? 0)).first(where: { number in
          !numbers.contains(number) && !numbers.contains { $0 < 0 }
        })
      else { return nil }
      dropped = free
      let fewer = try Tensor(numbers.map { Int64($0 > free ? $0 - 1 : $0) }, shape: tensor.shape)
      let smaller = try Cast(to: tensor.dtype).evaluate([fewer])[0]
      return try compared(before, replacing: operand, with: smaller, dropped, atom, map)
    case .normalized, .fresh: return nil
    }
    return try compared(before, replacing: nil, with: nil, dropped, atom, map)
  }

  /// How the results from cut operands differ from the cut results.
  private func compared(
    _ before: [Tensor?], replacing operand: Int?, with numbers: Tensor?, _ index: Int, _ atom: Int, _ map: AxisMap
  ) throws -> String? {
    let whole = try op.evaluateChecked(before, limits: ResourceLimits())
    var cut = before
    if let operand { cut[operand] = numbers }
    for position in cut.indices { cut[position] = try without(cut[position], map.inputs[position], index, atom, map) }
    let (smaller, operands) = try op.adapted(to: map.cutting(atom), inputs: cut)
    guard let smaller = smaller as? any Evaluable else { return "the operator for a cut map cannot be run" }
    let results = try smaller.evaluateChecked(operands, limits: ResourceLimits())
    for (position, axes) in map.outputs.enumerated() where position < whole.count && position < results.count {
      guard let axes, let expected = try without(whole[position], axes, index, atom, map) else { continue }
      if let difference = results[position].difference(from: expected, tolerance) { return "result \(position): \(difference)" }
    }
    return nil
  }

  /// The tensor without the entries whose index of the atom is the given one.
  private func without(
    _ tensor: Tensor?, _ axes: [AxisMap.Axis]?, _ index: Int, _ atom: Int, _ map: AxisMap
  ) throws -> Tensor? {
    guard var result = tensor, let axes else { return tensor }
    for (axis, parts) in axes.enumerated() where parts.joined().contains(atom) {
      let gone = Set(places(of: index, atom, in: parts, map))
      let kept = (0..<result.shape[axis]).filter { !gone.contains($0) }.map { Int64($0) }
      result = try Gather(axis: axis).evaluate([result, try Tensor(kept, shape: [kept.count])])[0]
    }
    return result
  }

  private func zeroed(
    _ tensor: Tensor?, _ axes: [AxisMap.Axis]?, _ index: Int, _ atom: Int, _ map: AxisMap
  ) throws -> Tensor? {
    guard var result = tensor, let axes else { return tensor }
    for (axis, parts) in axes.enumerated() where parts.joined().contains(atom) {
      result = try zeroed(result, axis, places(of: index, atom, in: parts, map))
    }
    return result
  }

  /// The tensor with zeros at the given places of an axis.
  private func zeroed(_ tensor: Tensor, _ axis: Int, _ places: [Int]) throws -> Tensor {
    let extent = tensor.shape[axis]
    var shape = tensor.shape
    shape[axis] = 1
    let zero = try Cast(to: tensor.dtype).evaluate([try Tensor([Float(0)], shape: [1])])[0]
    let row = try ConstantOfShape(value: zero).evaluate([try Tensor(shape.map { Int64($0) }, shape: [shape.count])])[0]
    let longer = try Concat(axis: axis).evaluate([tensor, row])[0]
    let gone = Set(places)
    let order = (0..<extent).map { Int64(gone.contains($0) ? extent : $0) }
    return try Gather(axis: axis).evaluate([longer, try Tensor(order, shape: [extent])])[0]
  }

  /// Places along an axis at which the atom has the given index.
  private func places(of index: Int, _ atom: Int, in axis: AxisMap.Axis, _ map: AxisMap) -> [Int] {
    var (places, start) = ([Int](), 0)
    for segment in axis {
      let extents = segment.map { map.atoms[$0].extent.known ?? 1 }
      let count = extents.reduce(1, *)
      for place in 0..<count {
        var rest = place
        for (part, extent) in zip(segment, extents).reversed() {
          if part == atom, rest % extent == index { places.append(start + place) }
          rest /= extent
        }
      }
      start += count
    }
    return places
  }
}
