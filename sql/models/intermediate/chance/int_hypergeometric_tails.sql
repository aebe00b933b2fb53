{{ hypergeometric_tails(ref('int_margins')) }}
