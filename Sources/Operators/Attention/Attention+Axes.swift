import LatheDiagnostics
import LatheIR
import LatheTensors

extension Attention: AxisMapping {
  /// Heads of queries that share one of keys are a factor of their own; keys, and queries where their order matters, stay.
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let extents = try? AttentionExtents(inputs, self), let rank = extents.rank,
      let group = extents.heads.exactlyDivided(by: extents.sharedHeads), let q = inputs.optional(0)?.type.tensor?.shape
    else { return nil }
    var map = AxisMap(inputs: inputs.count, outputs: outputs.count)
    let isOrdered = isCausal || leftWindow != nil || rightWindow != nil || inputs.optional(6) != nil
    let batch = map.axis(extents.batch)
    let queries = map.axis(q[rank - 2], isOrdered ? .normalized : .carried)
    let shared = map.atom(extents.sharedHeads)
    let heads = group == 1 ? [shared] : [shared, map.atom(group)]
    // Without a scale, the depth decides on it.
    let depth = map.atom(extents.depth, scale == nil ? .normalized : .contracted)
    let width = map.atom(extents.width)
    let keys = map.axis(extents.keys, .normalized)
    let past = inputs.optional(4) == nil ? [] : map.axis(extents.past, .normalized)
    func operand(_ heads: [Int], _ places: AxisMap.Axis, _ size: Int) -> [AxisMap.Axis] {
      rank == 3 ? [batch, places, [heads + [size]]] : [batch, [heads], places, [[size]]]
    }
    let all: [[AxisMap.Axis]] = [operand(heads, queries, depth), operand([shared], keys, depth), operand([shared], keys, width)]
    for (position, axes) in all.enumerated() { map.inputs[position] = axes }
    for (position, size) in [(4, depth), (5, width)] where inputs.optional(position) != nil {
      map.inputs[position] = [batch, [[shared]], past, [[size]]]
    }
    if inputs.optional(6) != nil { map.inputs[6] = [batch] }
    let scores = [batch, [heads], queries, past + keys]
    if let mask = inputs.optional(3) {
      let target = [extents.batch, extents.heads, q[rank - 2], extents.total]
      guard let own = mask.type.tensor?.shape, let axes = map.align(own, to: scores, of: target) else { return nil }
      map.inputs[3] = axes
    }
    let results = [
      operand(heads, queries, width), [batch, [[shared]], past + keys, [[depth]]], [batch, [[shared]], past + keys, [[width]]], scores,
    ]
    for position in outputs.indices where position < results.count { map.outputs[position] = results[position] }
    return map
  }

  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    guard let q = map.inputs[0], q.count == 3, let k = map.inputs[1] else { return (self, inputs) }
    var op = self
    if heads != nil { op.heads = map.extent(of: [Array((q[2].first ?? []).dropLast())]).known }
    if sharedHeads != nil { op.sharedHeads = map.extent(of: [Array((k[2].first ?? []).dropLast())]).known }
    return (op, inputs)
  }
}
