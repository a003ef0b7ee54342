import LatheIR
import LatheOperators
import Testing

/// Small graphs of the kinds that axis classes are for.
enum AxisGraphs {
  static func parsed(_ text: String) throws -> Graph { try GraphParser(catalog: .standard).parse(text) }

  static let perceptron = """
    graph (%x: f32[batch, 6]) -> (%y) {
      @w1: f32[6, 8] = seeded(1)
      @b1: f32[8] = seeded(2)
      @w2: f32[8, 5] = seeded(3)
      @b2: f32[5] = seeded(4)
      %h = MatMul(%x, @w1)
      %hb = Add(%h, @b1)
      %a = Sigmoid(%hb)
      %m = MatMul(%a, @w2)
      %y = Add(%m, @b2)
    }
    """

  /// Q, K and V in one weight, split by Slice, with residual and normalization; the target of the reshapes is shared by all.
  static let attention = """
    graph (%x: f32[batch, seq, 24]) -> (%y) {
      @w: f32[24, 72] = seeded(1)
      @b: f32[72] = seeded(2)
      @o: f32[24, 24] = seeded(3)
      @g: f32[24] = seeded(4)
      @heads: i64[4] = [0, 0, 4, 6]
      @joined: i64[3] = [0, 0, 24]
      @s0: i64[1] = [0]
      @s1: i64[1] = [24]
      @s2: i64[1] = [48]
      @s3: i64[1] = [9223372036854775807]
      @last: i64[1] = [-1]
      @scale: f32[] = [0.4]
      %p = MatMul(%x, @w)
      %qkv = Add(%p, @b)
      %q0 = Slice(%qkv, @s0, @s1, @last)
      %k0 = Slice(%qkv, @s1, @s2, @last)
      %v0 = Slice(%qkv, @s2, @s3, @last)
      %q1 = Reshape(%q0, @heads)
      %k1 = Reshape(%k0, @heads)
      %v1 = Reshape(%v0, @heads)
      %q = Transpose(%q1) {perm = [0, 2, 1, 3]}
      %k = Transpose(%k1) {perm = [0, 2, 3, 1]}
      %v = Transpose(%v1) {perm = [0, 2, 1, 3]}
      %qk = MatMul(%q, %k)
      %scaled = Mul(%qk, @scale)
      %share = Softmax(%scaled)
      %c = MatMul(%share, %v)
      %ct = Transpose(%c) {perm = [0, 2, 1, 3]}
      %cj = Reshape(%ct, @joined)
      %out = MatMul(%cj, @o)
      %sum = Add(%out, %x)
      %y = LayerNormalization(%sum, @g)
    }
    """

  static let tied = """
    graph (%ids: i64[batch, seq], %kinds: i64[batch, seq]) -> (%logits) {
      @words: f32[10, 6] = seeded(1)
      @types: f32[10, 6] = seeded(2)
      @w: f32[6, 6] = seeded(3)
      @bias: f32[10] = seeded(4)
      %e = Gather(@words, %ids)
      %t = Gather(@types, %kinds)
      %sum = Add(%e, %t)
      %h = MatMul(%sum, @w)
      %a = Tanh(%h)
      %turned = Transpose(@words) {perm = [1, 0]}
      %scores = MatMul(%a, %turned)
      %logits = Add(%scores, @bias)
    }
    """

  static let convolutions = """
    graph (%x: f32[batch, 3, 8, 8]) -> (%y) {
      @stem: f32[8, 3, 3, 3] = seeded(1)
      @bias: f32[8] = seeded(2)
      @depth: f32[8, 1, 3, 3] = seeded(3)
      @grouped: f32[12, 2, 1, 1] = seeded(4)
      @left: f32[5, 12, 1, 1] = seeded(5)
      @right: f32[4, 12, 1, 1] = seeded(6)
      @fc: f32[9, 2] = seeded(7)
      %a = Conv(%x, @stem, @bias)
      %r = Relu(%a)
      %d = Conv(%r, @depth) {group = 8}
      %g = Conv(%d, @grouped) {group = 4}
      %l = Conv(%g, @left)
      %m = Conv(%g, @right)
      %both = Concat(%l, %m) {axis = 1}
      %pool = GlobalAveragePool(%both)
      %flat = Flatten(%pool)
      %y = MatMul(%flat, @fc)
    }
    """

  static let recurrent = """
    graph (%x: f32[batch, steps, 4]) -> (%y) {
      @w: f32[2, 20, 4] = seeded(1)
      @r: f32[2, 20, 5] = seeded(2)
      @b: f32[2, 40] = seeded(3)
      @target: i64[3] = [0, 0, 10]
      @fc: f32[10, 3] = seeded(4)
      %t = Transpose(%x) {perm = [1, 0, 2]}
      %h, _, _ = LSTM(%t, @w, @r, @b) {direction = "bidirectional", hidden_size = 5}
      %ht = Transpose(%h) {perm = [0, 2, 1, 3]}
      %flat = Reshape(%ht, @target)
      %y = MatMul(%flat, @fc)
    }
    """
}

extension AxisClasses {
  /// The class of an axis of the value with that name.
  func of(_ name: String, _ axis: Int, in graph: Graph) throws -> AxisClass {
    let value = try #require(graph.value(named: name))
    return try #require(self.class(of: value, axis: axis))
  }
}

extension AxisClass {
  /// Names and axes of the constants that the class slices.
  func weights(in graph: Graph) -> [String] {
    slices.filter { graph.constant($0.value) != nil }.map { "\(graph[$0.value].name).\($0.axis)" }
  }
}
